import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Name, param } from "../../pipeline/param.ts"
import { BATCHES_AHEAD, Batch, Embeddings, type NamedArray } from "../elements.ts"
import { initialWeights, type Model, ModelParams, makeModel } from "../model/model.ts"
import { checkWeights, type WeightsError } from "../model/weights.ts"
import { Run } from "../run.ts"
import { type Engine, EngineMemoryError, engine } from "../tensor/engine.ts"
import { CheckpointError, newestEpoch, readCheckpoint, readWeights } from "../train/checkpoints.ts"
import { type WorkerError, workerPool } from "../workers/pool.ts"
import { EmbedError, extractor } from "./extract.ts"
import type { Network } from "./extract-work.ts"

export { EmbedError } from "./extract.ts"

/** The weights that `weights` names: "initial", "newest" or a file. */
const found = (named: string, model: Model): Effect.Effect<ReadonlyArray<NamedArray>, CheckpointError, Run> =>
  Effect.gen(function* () {
    const { folder, seed } = yield* Run
    if (named === "initial") return initialWeights(model, seed)
    if (named !== "newest") return yield* readWeights(resolve(named))
    const checkpoints = join(folder, "checkpoints")
    const epoch = yield* newestEpoch(checkpoints)
    if (epoch > 0) return (yield* readCheckpoint(checkpoints, epoch)).state.weights
    return yield* new CheckpointError({
      subject: checkpoints,
      problem: "holds no checkpoint",
      remedy: "Run a pipeline with `optimise` and `checkpoint` first, or name another file in `weights`"
    })
  })

/** Shared by the threads that read it, so that each need not hold a copy. */
const shared = ({ data, ...array }: NamedArray): NamedArray => {
  const copy = new Float32Array(new SharedArrayBuffer(data.byteLength))
  copy.set(data)
  return { ...array, data: copy }
}

/** What a thread's extractor has thrown, as it would have been thrown here. */
const thrownBy = (error: WorkerError): EmbedError | EngineMemoryError | WorkerError => {
  if (error.thrown === "EmbedError") return new EmbedError(error)
  return error.thrown === "EngineMemoryError" ? new EngineMemoryError(error) : error
}

const attempt = <A>(body: () => A) =>
  Effect.try({ try: body, catch: (cause) => cause as EmbedError | EngineMemoryError })

/** Gives the vectors of a batch. On threads, batches are computed side by side; each as it would be by itself. */
const opened = (tensors: Engine, params: ModelParams, model: Model, arrays: ReadonlyArray<NamedArray>) =>
  Effect.gen(function* () {
    if (tensors.workers === 1) {
      const { vectors } = yield* Effect.acquireRelease(
        attempt(() => extractor(tensors, model, arrays)),
        ({ dispose }) => Effect.sync(dispose)
      )
      return (batch: Batch) => attempt(() => vectors(batch))
    }
    const network: Network = { model: params, arrays: arrays.map(shared), limit: tensors.limit }
    const pool = yield* workerPool<Batch, Float32Array>({
      module: new URL("./extract-work.ts", import.meta.url),
      size: tensors.workers,
      data: network
    })
    return (batch: Batch) => Effect.mapError(pool.run(batch, [batch.images.buffer as ArrayBuffer]), thrownBy)
  })

export const embed = operator({
  name: "embed",
  about: "Extracts embeddings: the network's pooled features, each divided by its length.",
  from: Batch,
  to: Embeddings,
  params: {
    model: param(ModelParams, "The network."),
    weights: param(Name, "`newest` checkpoint of the run, `initial` (untrained) or a safetensors file.", "newest")
  },
  ahead: BATCHES_AHEAD,
  run:
    ({ model: params, weights: named }) =>
    (batches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const model = makeModel(params)
          const arrays = yield* found(named, model)
          yield* Effect.try({
            try: () => checkWeights(model, arrays, named === "newest" ? "newest checkpoint" : named),
            catch: (cause) => cause as WeightsError
          })
          const tensors = yield* engine
          const vectorsOf = yield* opened(tensors, params, model, arrays)
          return Stream.mapEffect(
            batches,
            (batch) =>
              Effect.map(vectorsOf(batch), (vectors): Embeddings => {
                const { classes, labels, names, size } = batch
                return { kind: "embeddings", size, dim: model.dim, names, vectors, labels, classes }
              }),
            { concurrency: tensors.workers }
          )
        })
      )
})
