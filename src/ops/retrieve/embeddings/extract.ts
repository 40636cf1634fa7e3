/** Extraction of embeddings from a batch of images, on any thread. */
import { explained } from "../../../pipeline/explained.ts"
import { messageOf } from "../../../pipeline/words.ts"
import type { Batch, NamedArray } from "../../elements.ts"
import type { Model } from "../../model/model.ts"
import { uploadArrays } from "../../model/weights/tensors.ts"
import type { Engine } from "../../tensor/engine.ts"
import { EngineMemoryError } from "../../tensor/engine-error.ts"
import { withinMemory } from "../../tensor/fitting.ts"
import { forwardOf } from "../../tensor/passes.ts"
import type { Tensor } from "../../tensor/tfjs.ts"
import { normaliseRows } from "../unit-length.ts"

/** A batch cannot be embedded. */
export class EmbedError extends explained("EmbedError") {}

/** The output of a network for a batch. */
export interface Extracted {
  /** Features, float32 [size, dim], each divided by its length. */
  readonly vectors: Float32Array
  /** Predicted labels, uint8 [size, classes], if requested. */
  readonly predicted?: Uint8Array
  /** Their probabilities, float32 [size, classes]. */
  readonly probabilities?: Float32Array
}

/** A network with its weights on an engine. Call `dispose` to free the weights. */
export interface Extractor {
  /**
   * @throws EngineMemoryError if the batch does not fit into the engine's memory; it names a size that does
   * @throws EmbedError if the network cannot process the batch
   */
  readonly extract: (batch: Batch) => Extracted
  /** As `extract`, on another thread, where several batches may be under way; undefined for a batch that only `extract` can take. */
  readonly start: (batch: Batch) => Promise<Extracted> | undefined
  readonly dispose: () => void
}

const embedError = (batch: Batch, cause: unknown): EmbedError =>
  new EmbedError({
    subject: `batch of ${batch.names[0] ?? "nothing"} and others`,
    problem: messageOf(cause),
    remedy: "Check that `channels` of the model equals the number of bands, and check the size of the images",
    cause
  })

/** Labels with a logit of at least 0, that is, a sigmoid of at least one half. */
const predictedLabels = (logits: Float32Array): Uint8Array => Uint8Array.from(logits, (logit) => (logit >= 0 ? 1 : 0))

const sigmoidOf = (logits: Float32Array): Float32Array => logits.map((logit) => 1 / (1 + Math.exp(-logit)))

/** Labels and probabilities of logits, float32 [size, classes]. */
export const labelled = (logits: Float32Array) => ({
  predicted: predictedLabels(logits),
  probabilities: sigmoidOf(logits)
})

/**
 * @param predict whether labels are predicted too
 * @param arrays the network's weights, in the layout of files
 * @throws EngineMemoryError if the weights do not fit into the engine's memory
 */
export const extractor = (
  engine: Engine,
  model: Model,
  arrays: ReadonlyArray<NamedArray>,
  predict: boolean
): Extractor => {
  const weights = uploadArrays(engine, arrays)
  const pass = { engine, get: weights.get, observe: undefined }
  const network = forwardOf(engine, {
    run: (x) => {
      if (!predict) return [model.embed(pass, x)]
      const { embedding, logits } = model.predict(pass, x)
      return [embedding, logits]
    },
    weights: () => model.parameters.map(({ name }) => weights.get(name))
  })
  const tensorOf = ({ bands, height, images, size, width }: Batch): Tensor =>
    engine.tensor(images, [size, height, width, bands.length])
  const extractedFrom = (outputs: ReadonlyArray<Tensor>, size: number): Extracted => {
    const [vectors, logits] = outputs.map(engine.read)
    normaliseRows(vectors, vectors.length / size)
    return predict ? { vectors, ...labelled(logits) } : { vectors }
  }
  const applied = (batch: Batch): Extracted =>
    engine.scope(() => extractedFrom(network.run(tensorOf(batch)), batch.size))
  const settled = (outputs: ReadonlyArray<Tensor>, size: number): Extracted => {
    try {
      return extractedFrom(outputs, size)
    } finally {
      engine.dispose(outputs)
    }
  }
  const failed = (batch: Batch, cause: unknown): never => {
    throw cause instanceof EngineMemoryError ? cause : embedError(batch, cause)
  }
  const explained = <A>(batch: Batch, run: () => A): A => {
    try {
      return run()
    } catch (cause) {
      return failed(batch, cause)
    }
  }
  return {
    extract: (batch) => explained(batch, () => withinMemory(engine, batch, applied)),
    start: (batch) =>
      explained(batch, () => engine.scope(() => network.start(tensorOf(batch))))
        ?.then((outputs) => settled(outputs, batch.size))
        .catch((cause) => failed(batch, cause)),
    dispose: () => {
      network.dispose()
      weights.dispose()
    }
  }
}
