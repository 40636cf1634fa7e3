/** From a batch of images to vectors, on whatever thread. */
import { explained } from "../../pipeline/explained.ts"
import type { Batch, NamedArray } from "../elements.ts"
import type { Model } from "../model/model.ts"
import { uploadArrays } from "../model/weights.ts"
import type { Engine } from "../tensor/engine.ts"
import { EngineMemoryError } from "../tensor/errors.ts"
import { withinMemory } from "../tensor/fitting.ts"

/** A batch cannot be embedded. */
export class EmbedError extends explained("EmbedError") {}

/** A network with its weights on an engine. Owns them: `dispose` when done. */
export interface Extractor {
  /**
   * The network's features, float32 [size, dim], each divided by its length.
   *
   * @throws EngineMemoryError where the batch does not fit the engine's memory, naming a size that does
   * @throws EmbedError where the batch is not what the network takes
   */
  readonly vectors: (batch: Batch) => Float32Array
  readonly dispose: () => void
}

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

const embedError = (batch: Batch, cause: unknown): EmbedError =>
  new EmbedError({
    subject: `batch of ${batch.names[0] ?? "nothing"} and others`,
    problem: cause instanceof Error ? cause.message : String(cause),
    remedy: "Check that `channels` of the model is the number of bands, and the size of the images",
    cause
  })

/**
 * @param arrays the network's weights, in the layout of files
 * @throws EngineMemoryError where they do not fit the engine's memory
 */
export const extractor = (engine: Engine, model: Model, arrays: ReadonlyArray<NamedArray>): Extractor => {
  const weights = uploadArrays(engine, arrays)
  const pass = { engine, get: weights.get, observe: undefined }
  const features = ({ bands, height, images, size, width }: Batch): Float32Array =>
    engine.scope(() => engine.read(model.embed(pass, engine.tensor(images, [size, height, width, bands.length]))))
  return {
    vectors: (batch) => {
      try {
        return normalise(withinMemory(engine, batch, features), model.dim)
      } catch (cause) {
        throw cause instanceof EngineMemoryError ? cause : embedError(batch, cause)
      }
    },
    dispose: weights.dispose
  }
}
