import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { Batch, Embeddings, Report, TrainStep } from "../../../src/ops/elements.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { embed } from "../../../src/ops/retrieve/embed.ts"
import { FirstEpoch } from "../../../src/ops/run.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { checkpoint } from "../../../src/ops/train/checkpoint.ts"
import { checkpointPath, newestEpoch } from "../../../src/ops/train/checkpoints.ts"
import { curve } from "../../../src/ops/train/curve.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { validate } from "../../../src/ops/train/validate.ts"
import { drain, toStream } from "../../../src/pipeline/interpret.ts"
import { operator } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { balanced } from "../tensor/leaks.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, makeBatch, services, temporaryFolder, tiny } from "./harness.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

/** A report from embeddings: not of retrieval, but of the weights that were used. */
const probe = operator({
  name: "probe",
  about: "Reports the first value of each embedding.",
  from: Batch,
  to: Report,
  params: {},
  run: () => (stream) =>
    Stream.mapEffect(Stream.take(stream, 1), (batch) =>
      Effect.succeed({
        kind: "report" as const,
        queries: 1,
        counted: 1,
        database: batch.size,
        results: { mAP: { hard: batch.images[0], easy: null }, "ACG@20": batch.epoch },
        notes: []
      })
    )
})

const collect = (folder: string, pipeline: ReturnType<typeof training>, from = 0) =>
  Stream.runCollect(toStream(pipeline)).pipe(
    Effect.provideService(FirstEpoch, from),
    Effect.provide(services(folder, engine))
  )

const training = (epochs: number) => batches({ epochs }).pipe(optimise({ model: tiny }), checkpoint(), curve())

const bytes = (folder: string, epoch: number) => readFileSync(checkpointPath(join(folder, "checkpoints"), epoch))
const message = <A, R>(program: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.map(Effect.flip(program), (error) => error.message)

/** Every patch but the first has two labels. */
const several = operator({
  name: "several",
  about: "Adds labels.",
  from: Batch,
  to: Batch,
  params: {},
  run: () => (stream) =>
    Stream.map(stream, (batch) => ({
      ...batch,
      labels: batch.labels.map((label, at) => (at > 2 && at % 3 === 2 ? 1 : label))
    }))
})

const relabelled = (change: Partial<Batch>) =>
  operator({
    name: "relabelled",
    about: "Changes what batches say of themselves.",
    from: Batch,
    to: Batch,
    params: {},
    run: () => (stream) => Stream.map(stream, (batch) => ({ ...batch, ...change }))
  })

describe("optimise", () => {
  effect("gives one step a batch, with the state after the last of each epoch", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* collect(folder, training(2))
      expect(steps.map(({ epoch, step, images }) => [epoch, step, images])).toEqual([
        [0, 0, 6],
        [0, 1, 6],
        [1, 2, 6],
        [1, 3, 6]
      ])
      expect(steps.map(({ state }) => state?.epoch)).toEqual([undefined, 1, undefined, 2])
      expect(steps.map(({ state }) => state?.step)).toEqual([undefined, 2, undefined, 4])
      expect(steps[0].learningRate).toBe(2e-3)
      expect(steps[2].learningRate).toBeCloseTo(2e-3 * Math.exp(-0.01), 12)
      for (const { loss, floor } of steps) expect(loss).toBeGreaterThan(floor)
      const { params: model } = makeModel(tiny)
      expect(model).toMatchObject(tiny)
      expect(steps[1].state?.network).toEqual({ model, bands: ["b1", "b2"], classes: ["x", "y", "z"] })
    })
  )

  effect("learns", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* collect(folder, training(8))
      const excess = steps.map(({ loss, floor }) => loss - floor)
      expect(excess[excess.length - 1]).toBeLessThan(0.2 * excess[0])
    })
  )

  effect("leaves no tensor alive, whether it ends, fails or is cut short", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* balanced(engine, collect(folder, training(2)))
      const cut = Stream.runDrain(Stream.take(toStream(training(2)), 1))
      yield* balanced(engine, Effect.provide(cut, services(folder, engine)))
      const wrong = drain(batches().pipe(optimise({ model: { ...tiny, channels: 3 } })))
      yield* balanced(engine, Effect.flip(Effect.provide(wrong, services(folder, engine))))
    })
  )

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

  const failing = (change: (batch: Batch) => Batch, model = {}) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const changed = operator({
        name: "changed",
        about: "Spoils batches.",
        from: Batch,
        to: Batch,
        params: {},
        run: () => (stream) => Stream.map(stream, change)
      })
      const pipeline = batches().pipe(changed(), optimise({ model: { ...tiny, ...model } }))
      return yield* message(Effect.provide(drain(pipeline), services(folder, engine)))
    })

  effect("stops where the loss is no number, naming epoch, step and patch", () =>
    Effect.gen(function* () {
      const said = yield* failing((batch) => {
        if (batch.epoch === 1) batch.images[batch.images.length - 1] = Number.NaN
        return batch
      })
      expect(said).toBe(
        "epoch 2, step 3: the loss is NaN on patches with missing values image5. Mend these patches, or take them out of the split; checkpoints so far are kept."
      )
    })
  )

  effect("where no value of a patch is missing, says how to go on with a lower rate", () =>
    Effect.gen(function* () {
      const huge = (from: number) => (batch: Batch) => ({
        ...batch,
        images: batch.epoch < from ? batch.images : batch.images.map(() => 1e38)
      })
      expect(yield* failing(huge(0))).toMatch(
        /^epoch 1, step 1: the loss is NaN on patches image0.*\. Lower `learning_rate`\.$/
      )
      expect(yield* failing(huge(1))).toMatch(
        /\. Lower `learning_rate`; in another folder \(`--out`\) checkpoints so far are kept, and `pretrained` can start from one\.$/
      )
    })
  )

  effect("says what does not fit", () =>
    Effect.gen(function* () {
      expect(yield* failing((batch) => batch, { channels: 10 })).toContain(
        "has 2 bands (b1, b2), but the network takes 10 channels"
      )
      expect(yield* failing((batch) => batch, { num_classes: 19 })).toContain(
        "has labels of 3 classes, but the network has 19"
      )
    })
  )

  effect("says what it cannot train on, or by", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const said = (params: Partial<Parameters<typeof optimise>[0]>) =>
        message(
          Effect.provide(
            drain(batches({ epochs: 1, count: 1 }).pipe(several(), optimise({ model: tiny, ...params }))),
            services(folder, engine)
          )
        )
      expect(yield* said({ id_loss: "xent" })).toBe(
        "patch image1: has 2 labels (y, z), but `xent` takes patches of one label. Use `id_loss: ml_xent`."
      )
      const none =
        "optimise: has no loss of a weight above 0. Set `metric_loss` or `id_loss`, and its weight in `loss_weight`."
      expect(yield* said({ metric_loss: "none" })).toBe(none)
      expect(yield* said({ loss_weight: [1, 0] })).toBe(none)
    })
  )

  effect("refuses a checkpoint of another network, other bands or classes, another seed or optimiser", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(1))
      const resumed = (params: Partial<Parameters<typeof optimise>[0]>, change = {}, seed = 7) =>
        message(
          drain(batches({ epochs: 2 }).pipe(relabelled(change)(), optimise({ model: tiny, ...params }))).pipe(
            Effect.provideService(FirstEpoch, 1),
            Effect.provide(services(folder, engine, seed))
          )
        )
      expect(yield* resumed({ model: { ...tiny, pooling: "gem" } })).toContain("checkpoint of epoch 1: has no array")
      expect(yield* resumed({}, { bands: ["b2", "b1"] })).toContain(
        "has the bands b2, b1, but the network was trained on b1, b2"
      )
      expect(yield* resumed({}, { classes: ["x", "y", "other"] })).toContain("has the classes x, y, other, but")
      expect(yield* resumed({ optimizer: "sgd" })).toContain("holds no moments `velocity`, which sgd needs")
      expect(yield* resumed({}, {}, 8)).toContain("was made with the seed 7, not 8")
    })
  )

  effect("makes one step of several batches, and of those left over at an epoch's end", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* Effect.provide(
        Stream.runCollect(
          toStream(
            batches({ epochs: 2, count: 3, size: 2 }).pipe(
              optimise({ model: tiny, id_loss: "ml_xent", loss_weight: [2, 1], update_iter: 2, optimizer: "sgd" })
            )
          )
        ),
        services(folder, engine)
      )
      expect(steps.map(({ epoch, images, state }) => [epoch, images, state?.epoch])).toEqual([
        [0, 4, undefined],
        [0, 2, 1],
        [1, 4, undefined],
        [1, 2, 2]
      ])
      for (const { idLoss, loss, metricLoss } of steps) expect(loss).toBeCloseTo(2 * idLoss + metricLoss, 9)
      expect(steps[0].idLoss).toBeGreaterThan(0)
    })
  )

  effect("says that no batch came", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const none = operator({
        name: "none",
        about: "Drops all.",
        from: Batch,
        to: Batch,
        params: {},
        run: () => (stream) => Stream.take(stream, 0)
      })
      const program = drain(batches().pipe(none(), optimise({ model: tiny })))
      expect(yield* message(Effect.provide(program, services(folder, engine)))).toContain("no batch came")
    })
  )
})

describe("checkpoint", () => {
  effect("keeps the newest", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(3))
      expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual([
        "epoch_0002.safetensors",
        "epoch_0003.safetensors"
      ])
    })
  )

  const spaced = (epochs: number, params = {}) =>
    batches({ epochs }).pipe(optimise({ model: tiny }), checkpoint({ checkpoint_step: 2, keep: 9, ...params }))
  const files = (folder: string) => readdirSync(join(folder, "checkpoints")).map((name) => Number(name.slice(6, 10)))

  effect("writes every second epoch and the last; only those keep their state", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* collect(folder, spaced(5))
      expect(files(folder)).toEqual([2, 4, 5])
      expect(steps.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(steps.flatMap(({ state }) => state?.epoch ?? [])).toEqual([2, 4, 5])
      const resumed = yield* collect(folder, spaced(6), 4)
      expect(resumed.map(({ step }) => step)).toEqual([7, 8, 9, 10, 11])
    })
  )

  effect("starts anew where it is told to", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, spaced(4))
      yield* collect(folder, spaced(2, { resume: false }))
      expect(files(folder)).toEqual([2])
    })
  )

  effect("says what is wrong with a broken file, and ignores others", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const checkpoints = join(folder, "checkpoints")
      expect(yield* newestEpoch(checkpoints)).toBe(0)
      yield* collect(folder, training(1))
      writeFileSync(join(checkpoints, "epoch_0002.safetensors.1.partial"), "half")
      writeFileSync(join(checkpoints, "notes.txt"), "")
      expect(yield* newestEpoch(checkpoints)).toBe(1)
      const path = checkpointPath(checkpoints, 1)
      writeFileSync(path, bytes(folder, 1).subarray(0, 5000))
      const said = yield* message(newestEpoch(checkpoints))
      expect(said).toContain(path)
      expect(said).toContain("Delete it: training then goes on from the checkpoint before it, or anew.")
    })
  )
})

describe("curve", () => {
  effect("writes a line a step; figures of validation make columns", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const inner = batches({ epochs: 1 }).pipe(probe())
      const pipeline = batches({ epochs: 2 }).pipe(optimise({ model: tiny }), validate({ with: inner }), curve())
      const steps: ReadonlyArray<TrainStep> = yield* Effect.provide(
        Stream.runCollect(toStream(pipeline)),
        services(folder, engine)
      )
      const hard = makeBatch(0, 0, 6).images[0]
      expect(steps.map(({ validation }) => validation)).toEqual([
        undefined,
        { "mAP.hard": hard, "ACG@20": 0 },
        undefined,
        { "mAP.hard": hard, "ACG@20": 0 }
      ])
      const [header, ...lines] = readFileSync(join(folder, "curve.csv"), "utf8").trimEnd().split("\n")
      expect(header).toBe("epoch,step,learning_rate,loss,floor,id_loss,metric_loss,mAP.hard,ACG@20")
      expect(lines.map((line) => line.split(","))).toEqual(
        steps.map(({ epoch, step, learningRate, loss, floor, idLoss, metricLoss, validation }) => [
          ...[epoch + 1, step + 1, learningRate, loss, floor, idLoss, metricLoss].map(String),
          ...(validation === undefined ? ["", ""] : [String(hard), "0"])
        ])
      )
    })
  )

  effect("drops what a later run does again, and half a line", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(1))
      const path = join(folder, "curve.csv")
      const before = readFileSync(path, "utf8")
      writeFileSync(path, `${before}2,3,0.002,0.9,0.8\n2,4,0.00`)
      yield* collect(folder, training(2), 1)
      const after = readFileSync(path, "utf8")
      expect(after.startsWith(before)).toBe(true)
      expect(after.trimEnd().split("\n").length).toBe(1 + 4)
      expect(after).not.toContain("2,3,0.002,0.9")
    })
  )
})

describe("validate", () => {
  /** Ends without a report. */
  const nothing = operator({
    name: "nothing",
    about: "Gives nothing.",
    from: TrainStep,
    to: Report,
    params: {},
    run: () => (stream) => Stream.flatMap(stream, () => Stream.empty)
  })
  const validated = (model: typeof tiny | (Omit<typeof tiny, "channels"> & { readonly channels: number })) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const inner = batches({ epochs: 1 }).pipe(optimise({ model }), nothing())
      const outer = batches({ epochs: 1 }).pipe(optimise({ model: tiny }), validate({ with: inner }))
      return yield* message(Effect.provide(drain(outer), services(folder, engine)))
    })

  effect("says that the inner pipeline failed, and why", () =>
    Effect.gen(function* () {
      expect(yield* validated({ ...tiny, channels: 9 })).toMatch(/^validation after epoch 1: .*takes 9 channels/)
    })
  )

  effect("says that the inner pipeline gave no report", () =>
    Effect.gen(function* () {
      expect(yield* validated(tiny)).toBe(
        "validation after epoch 1: the pipeline gave no report. Give it a split that has images."
      )
    })
  )
})

describe("embed", () => {
  effect("takes the weights of the epoch that validation follows, and frees them", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const first = operator({
        name: "first",
        about: "Reports one value of the embeddings.",
        from: Embeddings,
        to: Report,
        params: {},
        run: () => (stream) =>
          Stream.map(Stream.take(stream, 1), ({ vectors }) => ({
            kind: "report" as const,
            queries: 1,
            counted: 1,
            database: 1,
            results: { value: vectors.reduce((sum, x, i) => sum + x * (i % 7), 0) },
            notes: []
          }))
      })
      const inner = batches({ epochs: 1 }).pipe(embed({ model: tiny }), first())
      const pipeline = batches({ epochs: 2 }).pipe(optimise({ model: tiny }), checkpoint(), validate({ with: inner }))
      const steps = yield* balanced(
        engine,
        Effect.provide(Stream.runCollect(toStream(pipeline)), services(folder, engine))
      )
      const values = steps.flatMap(({ validation }) => validation?.value ?? [])
      expect(values.length).toBe(2)
      expect(values[0]).not.toBe(values[1])
      const [after] = yield* Effect.provide(Stream.runCollect(toStream(inner)), services(folder, engine))
      expect(after.results.value).toBe(values[1])
    })
  )

  const embedded = (folder: string, weights: string) =>
    Effect.provide(
      Stream.runCollect(toStream(batches({ epochs: 1 }).pipe(embed({ model: tiny, weights })))),
      services(folder, engine)
    )

  effect("gives rows of length one, labels and names, and leaves no tensor alive", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const [first, second] = yield* balanced(engine, embedded(folder, "initial"))
      expect(first.names).toEqual(["image0", "image1", "image2", "image3", "image4", "image5"])
      expect(second.labels).toEqual(makeBatch(0, 6, 6).labels)
      for (let row = 0; row < first.size; row++) {
        const vector = first.vectors.subarray(row * first.dim, (row + 1) * first.dim)
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
      }
    })
  )

  effect("takes the newest checkpoint, or a file by its path", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(2))
      const newest = yield* balanced(engine, embedded(folder, "newest"))
      const path = checkpointPath(join(folder, "checkpoints"), 2)
      expect(existsSync(path)).toBe(true)
      expect(yield* embedded(folder, path)).toEqual(newest)
      expect(newest[0].vectors).not.toEqual((yield* embedded(folder, "initial"))[0].vectors)
    })
  )

  effect("says where weights are missing or of another network", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      expect(yield* message(embedded(folder, "newest"))).toContain("holds no checkpoint")
      expect(yield* message(embedded(folder, join(folder, "none.safetensors")))).toContain("none.safetensors")
      yield* collect(folder, training(1))
      const other = batches({ epochs: 1 }).pipe(embed({ model: { ...tiny, channels: 10 } }))
      expect(yield* message(Effect.provide(drain(other), services(folder, engine)))).toContain(
        "epoch_0001.safetensors: has arrays of other shapes: encoder.encoder_block0.0.weight [32, 2, 7, 7] for [32, 10, 7, 7]"
      )
    })
  )
})

it("a step gives the same on both engines", { timeout: 60_000 }, async () => {
  const cpu = await opened("cpu")
  const run = (tensors: Engine) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* temporaryFolder
          const pipeline = batches({ epochs: 1, count: 1 }).pipe(optimise({ model: tiny }))
          return yield* Effect.provide(Stream.runCollect(toStream(pipeline)), services(folder, tensors))
        })
      )
    )
  const [[a], [b]] = [await run(cpu), await run(engine)]
  expect(a.loss).toBeCloseTo(b.loss, 4)
  const gradients = (step: TrainStep, name: string) =>
    step.state?.moments.find((array) => array.name === `m/${name}`)?.data as Float32Array
  for (const name of ["encoder.encoder_block0.0.weight", "encoder.encoder_block2.0.downsample.0.weight"]) {
    const [x, y] = [gradients(a, name), gradients(b, name)]
    const scale = Math.max(...x.map(Math.abs))
    expect(scale).toBeGreaterThan(0)
    expect(Math.max(...x.map((value, i) => Math.abs(value - y[i]))) / scale).toBeLessThan(1e-2)
  }
})
