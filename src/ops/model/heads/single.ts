/** Heads: features to embeddings, embeddings to logits. */
import type { Tensor } from "../../tensor/tfjs.ts"
import { linear } from "../layers/convolution.ts"
import { type Layer, type Parameter, type Pass, sequence } from "../layers/layer.ts"

/** One embedding [n, d] and its logits [n, classes]. */
export interface Branch {
  readonly embedding: Tensor
  readonly logits: Tensor
}

/** What losses look at: each embedding by itself, with its logits. */
export interface Branches {
  /** Of pieces of the features; none where a head cuts nothing. */
  readonly local: ReadonlyArray<Branch>
  /** Of the whole. */
  readonly global: ReadonlyArray<Branch>
}

export interface Head {
  readonly parameters: ReadonlyArray<Parameter>
  /** Length of an embedding. */
  readonly dim: number
  /** Features [n, h, w, c] to embeddings [n, dim]. */
  readonly embed: (pass: Pass, features: Tensor) => Tensor
  /** Embeddings [n, dim] to logits [n, classes]. */
  readonly logits: (pass: Pass, embeddings: Tensor) => Tensor
  /** Features [n, h, w, c] to all branches, each computed once; a single head has one, which is global. */
  readonly branches: (pass: Pass, features: Tensor) => Branches
}

/**
 * The pooled features are the embedding, or a linear projection of them; one matrix product makes logits of it.
 *
 * @param dim length of the projection, trained with the rest: `head.projection`; without it there is none
 */
export const singleHead = (pool: Layer, width: number, classes: number, dim?: number): Head => {
  const body = dim === undefined ? pool : sequence(pool, linear("head.projection", width, dim, { bias: true }))
  const classifier = linear("head.head.fc", dim ?? width, classes)
  return {
    parameters: [...body.parameters, ...classifier.parameters],
    dim: dim ?? width,
    embed: body.apply,
    logits: classifier.apply,
    branches: (pass, features) => {
      const embedding = body.apply(pass, features)
      return { local: [], global: [{ embedding, logits: classifier.apply(pass, embedding) }] }
    }
  }
}
