/** Heads: features to embeddings, embeddings to logits. */
import type { Tensor } from "../tensor/tfjs.ts"
import { linear } from "./convolution.ts"
import type { Layer, Parameter, Pass } from "./layer.ts"

export interface Head {
  readonly parameters: ReadonlyArray<Parameter>
  /** Length of an embedding. */
  readonly dim: number
  /** Features [n, h, w, c] to embeddings [n, dim]. */
  readonly embed: (pass: Pass, features: Tensor) => Tensor
  /** Embeddings [n, dim] to logits [n, classes]. */
  readonly logits: (pass: Pass, embeddings: Tensor) => Tensor
}

/** The pooled features are the embedding; one matrix product makes logits of it. */
export const singleHead = (pool: Layer, width: number, classes: number): Head => {
  const classifier = linear("head.head.fc", width, classes)
  return {
    parameters: [...pool.parameters, ...classifier.parameters],
    dim: width,
    embed: pool.apply,
    logits: classifier.apply
  }
}
