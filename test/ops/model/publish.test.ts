import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { expect } from "vitest"
import { normalise } from "../../../src/ops/data/patches/normalise.ts"
import { Patch, TrainStep } from "../../../src/ops/elements.ts"
import { openWeightFile } from "../../../src/ops/model/load/open.ts"
import { readSafetensors } from "../../../src/ops/model/load/safetensors.ts"
import { bytesSource } from "../../../src/ops/model/load/source.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { publish } from "../../../src/ops/model/publish.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { operator, source } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { services, temporaryFolder, tiny } from "../train/harness.ts"
import { initialWeights } from "./initial.ts"
import { sameBits } from "./recorded.ts"

const model = makeModel(tiny)
const step = (epoch: number, ended: boolean): TrainStep => ({
  kind: "step",
  epoch,
  step: epoch,
  images: 1,
  learningRate: 1,
  loss: 0,
  idLoss: 0,
  metricLoss: 0,
  floor: 0,
  validation: undefined,
  state: ended
    ? {
        epoch: epoch + 1,
        step: epoch,
        learningRate: 1,
        schedule: {},
        seed: 1,
        configuration: {},
        network: { model: model.params, bands: ["B08", "B04"], classes: ["a", "b", "c"] },
        weights: initialWeights(model, epoch),
        moments: []
      }
    : undefined
})

const published = (steps: ReadonlyArray<TrainStep>, to: string, normalisation?: string) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const engine = yield* Effect.promise(() => opened("cpu"))
    const given = source({
      name: "given",
      about: "Steps for tests.",
      to: TrainStep,
      params: {},
      run: () => Stream.fromIterable(steps)
    })
    const pipeline = given().pipe(publish({ to, normalisation }))
    const passed = yield* Stream.runCollect(toStream(pipeline)).pipe(Effect.provide(services(folder, engine)))
    return { path: join(folder, to), passed: [...passed] }
  })

effect("publish passes all steps and writes the weights of the last epoch", () =>
  Effect.gen(function* () {
    const steps = [step(0, false), step(0, true), step(1, false), step(1, true)]
    const { path, passed } = yield* published(steps, "deep/out.safetensors")
    expect(passed).toEqual(steps)
    const { tensors, facts, close } = openWeightFile(path)
    expect(facts).toEqual({ architecture: model.params, bands: ["B08", "B04"], classes: ["a", "b", "c"] })
    for (const { name, data } of initialWeights(model, 1)) {
      const tensor = tensors.find((one) => one.name === name)
      expect([name, sameBits(tensor?.floats() ?? new Float32Array(0), data)]).toEqual([name, true])
    }
    close()
  })
)

/** Passes patches as steps: what `publish` looks at is what stands before it. */
const learn = operator({
  name: "learn",
  about: "Makes steps of patches for tests.",
  from: Patch,
  to: TrainStep,
  params: {},
  run: () => () => Stream.succeed(step(0, true))
})

effect("publish says in the manifest what the weights are for, and how pixels were scaled", () =>
  Effect.gen(function* () {
    const manifest = (path: string) =>
      JSON.parse(readSafetensors(bytesSource(new Uint8Array(readFileSync(path)))).metadata.manifest)
    const folder = yield* temporaryFolder
    const engine = yield* Effect.promise(() => opened("cpu"))
    const patches = source({ name: "patches", about: "None.", to: Patch, params: {}, run: () => Stream.empty })
    const scaled = [
      [patches().pipe(learn()), "none"],
      [patches().pipe(normalise({ by: "imagenet" }), learn()), "imagenet"],
      [patches().pipe(normalise({ by: "imagenet", compat: "original" }), learn()), "imagenet, as the original does"]
    ] as const
    for (const [pipeline, expected] of scaled) {
      yield* Stream.runDrain(toStream(pipeline.pipe(publish({ to: "scaled" })))).pipe(
        Effect.provide(services(folder, engine))
      )
      const found = manifest(join(folder, "scaled"))
      expect(Object.keys(found)).toEqual(["architecture", "bands", "classes", "normalisation", "versions"])
      expect(found.normalisation).toBe(expected)
      expect(Object.keys(found.versions)).toEqual(["orbitrank", "node", "engine"])
    }
    const { path } = yield* published([step(0, true)], "said.safetensors", "by hand")
    expect(manifest(path).normalisation).toBe("by hand")
  })
)

effect("publish says which file it cannot write", () =>
  Effect.gen(function* () {
    const { message } = yield* Effect.flip(published([step(0, true)], "/dev/null/weights"))
    expect(message).toMatch(/^\/dev\/null\/weights: cannot be written .* Make room, or name another file in `to`\.$/)
  })
)
