import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import type { Batch, NamedArray } from "../../../src/ops/elements.ts"
import { decodeSafetensors } from "../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../src/ops/formats/safetensors/write.ts"
import { checkpointPath, newestEpoch } from "../../../src/ops/model/weights/checkpoints.ts"
import { FirstEpoch } from "../../../src/ops/run.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { namesApart } from "../../../src/ops/train/resume.ts"
import { drain } from "../../../src/pipeline/interpret.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, bytes, changing, collected, message, services, temporaryFolder, tiny, training } from "./harness.ts"
import { RECORDED } from "./recorded-0.1.0.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

const collect = (folder: string, pipeline: ReturnType<typeof training>, from = 0) =>
  collected(folder, engine, pipeline, from)

/** The batches of another archive, or of other bands. */
const relabelled = (change: Partial<Batch>) => changing(Stream.map((batch) => ({ ...batch, ...change })))

describe("training that goes on", () => {
  effect("goes on after an epoch with the bytes of a run that never stopped", () =>
    Effect.gen(function* () {
      const [whole, parted] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* collect(whole, training(3))
      yield* collect(parted, training(1))
      const from = yield* newestEpoch(join(parted, "checkpoints"))
      expect(from).toBe(1)
      const steps = yield* collect(parted, training(3), from)
      expect(steps.map(({ epoch }) => epoch)).toEqual([0, 1, 1, 2, 2])
      expect(bytes(parted, 3).equals(bytes(whole, 3))).toBe(true)
      expect(readFileSync(join(parted, "curve.csv"), "utf8")).toBe(readFileSync(join(whole, "curve.csv"), "utf8"))
    })
  )

  effect("gives the last step again when nothing is left to train", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(2))
      const before = bytes(folder, 2)
      const steps = yield* collect(folder, training(2), 2)
      expect(steps.map(({ step, state }) => [step, state?.epoch])).toEqual([[3, 2]])
      expect(bytes(folder, 2).equals(before)).toBe(true)
    })
  )

  const resumed = (folder: string, params: Partial<Parameters<typeof optimise>[0]>, change = {}, seed = 7) =>
    message(
      drain(batches({ epochs: 2 }).pipe(relabelled(change), optimise({ model: tiny, ...params }))).pipe(
        Effect.provideService(FirstEpoch, 1),
        Effect.provide(services(folder, engine, seed))
      )
    )

  effect("refuses a checkpoint of another training, naming the file and what differs", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(1))
      const says = (apart: string) =>
        `${checkpointPath(join(folder, "checkpoints"), 1)}: belongs to another training run: ${apart}. Restore the checkpoint of this run, or start anew with \`--fresh\`.`
      expect(yield* resumed(folder, { model: { ...tiny, pooling: "gem" } })).toBe(says("pooling avg, not gem"))
      // Arrays are the same with another stride, so that nothing else would tell.
      expect(yield* resumed(folder, { model: { ...tiny, output_stride: 16 } })).toBe(says("output_stride 32, not 16"))
      expect(yield* resumed(folder, {}, { bands: ["b2", "b1"] })).toBe(says("bands in the order b1, b2, not b2, b1"))
      expect(yield* resumed(folder, {}, { classes: ["x", "y", "other"] })).toBe(says("classes z, not other"))
      expect(yield* resumed(folder, { optimizer: "sgd" })).toBe(says('optimizer "adam", not "sgd"'))
      expect(yield* resumed(folder, { learning_rate: 1 })).toBe(says("learning_rate 0.002, not 1"))
      expect(yield* resumed(folder, {}, { bands: ["b1", "b3"] }, 8)).toBe(says("seed 7, not 8; bands b2, not b3"))
    })
  )

  effect("refuses arrays that are not those of the network that the file names", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(1))
      const path = checkpointPath(join(folder, "checkpoints"), 1)
      const text = readFileSync(path, "latin1")
      writeFileSync(path, text.replace("encoder.encoder_block0.0.weight", "encoder.encoder_block9.0.weight"), "latin1")
      expect(yield* resumed(folder, {})).toContain(`${path}: has no array encoder.encoder_block0.0.weight`)
    })
  )

  type Tampered = {
    readonly arrays: ReadonlyArray<NamedArray>
    readonly state: Readonly<Record<string, unknown>>
  }
  const WEIGHT = "encoder.encoder_block0.0.weight"
  /** Arrays with one of them changed, or left out. */
  const changed = (name: string, change: (array: NamedArray) => ReadonlyArray<NamedArray>) => (file: Tampered) => ({
    ...file,
    arrays: file.arrays.flatMap((array) => (array.name === name ? change(array) : [array]))
  })
  const spoilt = (array: NamedArray) => [{ ...array, data: Float32Array.from(array.data).fill(Number.NaN, 0, 1) }]
  const rewritten = (path: string, whole: Buffer, tamper: (file: Tampered) => Tampered) => {
    const { metadata, tensors } = decodeSafetensors(whole, path)
    const file = tamper({ arrays: tensors as ReadonlyArray<NamedArray>, state: JSON.parse(metadata.state) })
    const arrays = file.arrays.map((array) => ({ ...array, dtype: "float32" as const }))
    writeFileSync(path, encodeSafetensors(arrays as never, { ...metadata, state: JSON.stringify(file.state) }))
  }
  const without = (key: string) => (file: Tampered) => ({ ...file, state: { ...file.state, [key]: undefined } })

  effect("refuses damaged moments, weights and states, naming the file", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(1))
      const path = checkpointPath(join(folder, "checkpoints"), 1)
      const whole = readFileSync(path)
      const cases: ReadonlyArray<readonly [(file: Tampered) => Tampered, string]> = [
        [changed(`m/${WEIGHT}`, () => []), `has no array m/${WEIGHT}, which \`optimizer: adam\` needs`],
        [
          changed(`m/${WEIGHT}`, (one) => [{ ...one, shape: [1, 1], data: Float32Array.of(0) }]),
          `array m/${WEIGHT} has the shape [1, 1], not [32, 2, 7, 7]`
        ],
        [
          changed(`m/${WEIGHT}`, (one) => [one, { ...one, name: `velocity/${WEIGHT}` }]),
          `has an array velocity/${WEIGHT}, which this training does not use`
        ],
        [changed(`v/${WEIGHT}`, spoilt), `array v/${WEIGHT} holds NaN or infinite values`],
        [changed(WEIGHT, spoilt), `array ${WEIGHT} holds NaN or infinite values`],
        [without("network"), "holds a damaged `state`: network is missing"],
        [without("step"), "holds a damaged `state`: step is missing"],
        [
          (file) => ({ ...file, state: { ...file.state, schedule: { best: "low", waited: 0, lowered: 0 } } }),
          'holds a damaged `state`: schedule.best expected a finite number or nothing, found "low"'
        ]
      ]
      for (const [tamper, problem] of cases) {
        rewritten(path, whole, tamper)
        expect(yield* resumed(folder, {})).toBe(
          `${path}: ${problem}. Move it away: training then continues from the checkpoint before it, or from the start.`
        )
      }
      rewritten(path, whole, (file) => file)
      yield* collect(folder, training(2), 1)
    })
  )

  effect("names the parameter that needs an array which a checkpoint lacks", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const params = { model: tiny, metric_loss: "proxy_anchor", ema: 0.9, optimizer: "sgd" } as const
      yield* collect(folder, training(1, params))
      const path = checkpointPath(join(folder, "checkpoints"), 1)
      const whole = readFileSync(path)
      for (const [name, owner] of [
        ["learned/proxies", "metric_loss: proxy_anchor"],
        ["velocity/learned/proxies", "metric_loss: proxy_anchor"],
        [`raw/${WEIGHT}`, "ema"],
        [`velocity/${WEIGHT}`, "optimizer: sgd"]
      ]) {
        rewritten(
          path,
          whole,
          changed(name, () => [])
        )
        expect(yield* resumed(folder, params)).toBe(
          `${path}: has no array ${name}, which \`${owner}\` needs. Move it away: training then continues from the checkpoint before it, or from the start.`
        )
      }
    })
  )

  effect("goes on from a checkpoint of version 0.1.0, which recorded one key per parameter of every loss", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(1))
      const path = checkpointPath(join(folder, "checkpoints"), 1)
      const whole = readFileSync(path)
      const former = RECORDED
      const record = (configuration: object) =>
        rewritten(path, whole, (file) => ({ ...file, state: { ...file.state, configuration } }))
      record(former)
      yield* collect(folder, training(2), 1)
      // A key that was absent had its default, also where the value now is another.
      record({ learning_rate: 0.002 })
      yield* collect(folder, training(2), 1)
      const says = (apart: string) =>
        `${path}: belongs to another training run: ${apart}. Restore the checkpoint of this run, or start anew with \`--fresh\`.`
      expect(yield* resumed(folder, { update_iter: 2 })).toBe(says("update_iter 1, not 2"))
      expect(yield* resumed(folder, { metric_loss: { name: "oml", temperature: 0.1 } })).toBe(
        says("metric_loss.temperature 0.01, not 0.1")
      )
      record({ ...former, metric_loss: "triplet_avg", margin: 3 })
      expect(yield* resumed(folder, { metric_loss: "triplet_avg" })).toBe(says("metric_loss.margin 3, not 1.2"))
      record({ ...former, optimizer: "sgd", momentum: 0.5 })
      expect(yield* resumed(folder, {})).toBe(says('optimizer "sgd", not "adam"'))
    })
  )

  it("tells lists of names apart in few words", () => {
    expect(namesApart("classes", ["a", "b"], ["a", "b"])).toEqual([])
    expect(namesApart("classes", ["a", "b", "c", "d", "e"], ["e"])).toEqual(["classes a, b, c and 1 more too many"])
    expect(namesApart("bands", ["a"], ["a", "b"])).toEqual(["bands b missing"])
  })
})
