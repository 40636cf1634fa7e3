/** A run in a folder that is thrown away, and small learnable batches. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Stream } from "effect"
import { Batch } from "../../../src/ops/elements.ts"
import { checkpointPath } from "../../../src/ops/model/weights/checkpoints.ts"
import { FirstEpoch, Run } from "../../../src/ops/run.ts"
import { type Engine, TensorEngine } from "../../../src/ops/tensor/engine.ts"
import { checkpoint } from "../../../src/ops/train/checkpoint.ts"
import { curve } from "../../../src/ops/train/curve.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { operator, source } from "../../../src/pipeline/operator.ts"
import { PositiveInt, param } from "../../../src/pipeline/param.ts"
import { random } from "../../../src/pipeline/random.ts"

export const tiny = { backbone: "resnet10-slim", pooling: "avg", channels: 2, num_classes: 3 } as const

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "orbitrank-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

export const services = (folder: string, engine: Engine, seed = 7): Layer.Layer<Run | TensorEngine> =>
  Layer.mergeAll(
    Layer.succeed(Run, {
      folder,
      root: folder,
      seed,
      experiment: "test",
      say: () => Effect.void,
      record: () => Effect.void,
      wrote: () => Effect.void,
      uses: () => Effect.void
    }),
    Layer.succeed(TensorEngine, { open: Effect.succeed(engine) })
  )

const SIZE = 17

/** Images whose stripes tell their classes, under noise that depends on epoch and index alone. */
export const makeBatch = (epoch: number, first: number, size: number): Batch => {
  const indices = Int32Array.from({ length: size }, (_, i) => first + i)
  const images = new Float32Array(size * SIZE * SIZE * 2)
  const labels = new Uint8Array(size * 3)
  indices.forEach((index, i) => {
    const kind = index % 3
    labels[i * 3 + kind] = 1
    const draws = random(1, epoch, index, "noise")
    for (let j = 0; j < SIZE * SIZE * 2; j++) {
      const pixel = j >> 1
      const along = [pixel % SIZE, Math.floor(pixel / SIZE), (pixel % SIZE) + Math.floor(pixel / SIZE)][kind]
      images[i * SIZE * SIZE * 2 + j] = Math.sin(along * 1.2 + (j % 2)) + 0.3 * draws.normal()
    }
  })
  const names = [...indices].map((index) => `image${index}`)
  const [bands, classes] = [
    ["b1", "b2"],
    ["x", "y", "z"]
  ]
  return { kind: "batch", epoch, size, names, indices, images, height: SIZE, width: SIZE, bands, labels, classes }
}

/** A step that makes other batches of the stream of batches. */
export const changing = (change: (stream: Stream.Stream<Batch>) => Stream.Stream<Batch>) =>
  operator({
    name: "changing",
    about: "Changes batches, for tests.",
    from: Batch,
    to: Batch,
    params: {},
    run: () => change
  })()

/** Batches of all epochs from the one that training goes on with. */
export const batches = source({
  name: "batches",
  about: "Batches for tests.",
  to: Batch,
  params: {
    epochs: param(PositiveInt, "Epochs.", 2),
    count: param(PositiveInt, "Batches an epoch.", 2),
    size: param(PositiveInt, "Images a batch.", 6)
  },
  run: ({ epochs, count, size }) =>
    Stream.unwrap(
      Effect.map(FirstEpoch, (from) =>
        Stream.fromIterable(Array.from({ length: Math.max(0, epochs - from) * count }, (_, i) => i)).pipe(
          Stream.rechunk(1),
          Stream.map((i) => makeBatch(from + Math.floor(i / count), (i % count) * size, size))
        )
      )
    )
})

/** Trains on them, with checkpoints and a curve. @param params of `optimise` */
export const training = (epochs: number, params: Partial<Parameters<typeof optimise>[0]> = {}) =>
  batches({ epochs }).pipe(optimise({ model: tiny, ...params }), checkpoint(), curve())

/** All steps of such a pipeline, which begins after so many epochs. */
export const collected = (folder: string, engine: Engine, pipeline: ReturnType<typeof training>, from = 0) =>
  Stream.runCollect(toStream(pipeline)).pipe(
    Effect.provideService(FirstEpoch, from),
    Effect.provide(services(folder, engine))
  )

/** The checkpoint of an epoch. */
export const bytes = (folder: string, epoch: number): Buffer =>
  readFileSync(checkpointPath(join(folder, "checkpoints"), epoch))

/** What a program that must fail says. */
export const message = <A, R>(program: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.map(Effect.flip(program), (error) => error.message)
