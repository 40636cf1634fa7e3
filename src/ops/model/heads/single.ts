/** Heads: the part of a network from features to embeddings and logits. */
import type { Tensor } from "../../tensor/tfjs.ts"
import { linear } from "../layers/convolution.ts"
import { type Layer, type Parameter, type Pass, sequence } from "../layers/layer.ts"

/** One embedding [n, d] and its logits [n, classes]. */
export interface Branch {
  readonly embedding: Tensor
  readonly logits: Tensor
}

/** Embeddings and logits of each branch, as losses need them. */
export interface Branches {
  /** Branches of pieces of the features; empty if the head cuts nothing. */
  readonly local: ReadonlyArray<Branch>
  /** Branches of the whole map. */
  readonly global: ReadonlyArray<Branch>
}

export interface Head {
  readonly parameters: ReadonlyArray<Parameter>
  /** Length of an embedding. A part-based head gives shorter ones on maps that are too small for all its pieces. */
  readonly dim: number
  /** Features [n, h, w, c] to embeddings [n, dim]. */
  readonly embed: (pass: Pass, features: Tensor) => Tensor
  /** Features [n, h, w, c] to embeddings [n, dim] and the logits [n, classes] from which labels are predicted. */
  readonly predict: (pass: Pass, features: Tensor) => Branch
  /** Features [n, h, w, c] to all branches, each computed once; a single head has one global branch. */
  readonly branches: (pass: Pass, features: Tensor) => Branches
}

/**
 * Single head. The embedding is the pooled features, or a linear projection of them; a linear layer without bias gives
 * logits from it.
 *
 * @param dim length of the projection `head.projection`; without it there is no projection
 */
export const singleHead = (pool: Layer, width: number, classes: number, dim?: number): Head => {
  const body = dim === undefined ? pool : sequence(pool, linear("head.projection", width, dim, { bias: true }))
  const classifier = linear("head.head.fc", dim ?? width, classes)
  const predict = (pass: Pass, features: Tensor): Branch => {
    const embedding = body.apply(pass, features)
    return { embedding, logits: classifier.apply(pass, embedding) }
  }
  return {
    parameters: [...body.parameters, ...classifier.parameters],
    dim: dim ?? width,
    embed: body.apply,
    predict,
    branches: (pass, features) => ({ local: [], global: [predict(pass, features)] })
  }
}
