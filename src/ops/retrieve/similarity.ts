/** What makes two embeddings similar. */
import { choice } from "../../pipeline/param.ts"

/**
 * `cosine` of the angle; `dot`, the inner product; `l2`, minus the Euclidean distance, so that more is always better.
 */
export type Similarity = "cosine" | "dot" | "l2"
export const Similarity = choice("cosine", "dot", "l2")

/** Why a vector cannot be compared with others; `undefined` where it can. */
export const flaw = (by: Similarity, squared: number): string | undefined => {
  if (!Number.isFinite(squared))
    return by === "cosine" ? "is zero or not finite, so it has no direction" : "is not finite"
  return by === "cosine" && squared === 0 ? "is zero or not finite, so it has no direction" : undefined
}

/**
 * The similarity that an inner product stands for. The squared distance is |q|^2 + |x|^2 - 2 q.x, so its error is that of
 * the inner product in single precision: vectors much nearer to each other than to the origin are better centred first.
 *
 * @param product of the two vectors, which `cosine` takes normalised
 * @returns NaN for `l2` where the product is not finite
 */
export const similarityOf = (by: Similarity, product: number, squaredQuery: number, squaredItem: number): number => {
  if (by !== "l2") return product
  // A product that single precision cannot hold would make the distance 0.
  return Number.isFinite(product) ? -Math.sqrt(Math.max(0, squaredQuery + squaredItem - 2 * product)) : Number.NaN
}
