import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { explained } from "../../pipeline/explained.ts"
import { operator } from "../../pipeline/operator.ts"
import { Name, param } from "../../pipeline/param.ts"
import { BATCHES_AHEAD, Batch, Embeddings, type NamedArray } from "../elements.ts"
import { initialWeights, type Model, ModelParams, makeModel } from "../model/model.ts"
import { checkWeights, uploadArrays, type Weights, type WeightsError } from "../model/weights.ts"
import { Run } from "../run.ts"
import { type Engine, EngineMemoryError, engine } from "../tensor/engine.ts"
import { withinMemory } from "../tensor/fitting.ts"
import { CheckpointError, newestEpoch, readCheckpoint, readWeights } from "../train/checkpoints.ts"

/** A batch cannot be embedded. */
export class EmbedError extends explained("EmbedError") {}

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

/** Divides each row by its length, in place; a row of zeros stays. */
const normalise = (vectors: Float32Array, dim: number): Float32Array => {
  for (let from = 0; from < vectors.length; from += dim) {
    let sum = 0
    for (let i = from; i < from + dim; i++) sum += vectors[i] ** 2
    const norm = Math.sqrt(sum)
    if (norm > 0) for (let i = from; i < from + dim; i++) vectors[i] /= norm
  }
  return vectors
}

const forward = (tensors: Engine, model: Model, weights: Weights, batch: Batch): Embeddings => {
  const vectors = withinMemory(tensors, batch, ({ images, size, height, width, bands }) =>
    tensors.scope(() => {
      const input = tensors.tensor(images, [size, height, width, bands.length])
      return tensors.read(model.embed({ engine: tensors, get: weights.get, observe: undefined }, input))
    })
  )
  const { size, names, labels, classes } = batch
  return { kind: "embeddings", size, dim: model.dim, names, vectors: normalise(vectors, model.dim), labels, classes }
}

const failed = (batch: Batch) => (cause: unknown) => {
  if (cause instanceof EngineMemoryError) return cause
  return new EmbedError({
    subject: `batch of ${batch.names[0] ?? "nothing"} and others`,
    problem: cause instanceof Error ? cause.message : String(cause),
    remedy: "Check that `channels` of the model is the number of bands, and the size of the images",
    cause
  })
}

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
          const weights = yield* Effect.acquireRelease(
            Effect.sync(() => uploadArrays(tensors, arrays)),
            (uploaded) => Effect.sync(uploaded.dispose)
          )
          return Stream.mapEffect(batches, (batch) =>
            Effect.try({ try: () => forward(tensors, model, weights, batch), catch: failed(batch) })
          )
        })
      )
})
