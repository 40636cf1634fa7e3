/** Measures of the similarity of two embeddings. */
import { choice } from "../../pipeline/param.ts"

/**
 * How two vectors are compared: `cosine` is the cosine of their angle, `dot` their inner product, `l2` their negative
 * Euclidean distance. Larger values always mean more similar.
 */
export type Similarity = "cosine" | "dot" | "l2"
export const Similarity = choice("cosine", "dot", "l2")

/**
 * The reason why a vector cannot be compared with others; `undefined` if it can.
 *
 * @param squared its sum of squares
 */
export const flaw = (by: Similarity, squared: number): string | undefined => {
  if (!Number.isFinite(squared))
    return by === "cosine" ? "is zero or not finite, so it has no direction" : "is not finite"
  return by === "cosine" && squared === 0 ? "is zero or not finite, so it has no direction" : undefined
}

/**
 * Converts an inner product to a similarity. The squared distance is computed as |q|^2 + |x|^2 - 2 q.x, so it has the
 * rounding error of the inner product in single precision. Vectors that are much closer to each other than to the origin
 * should be centred first.
 *
 * @param product of the two vectors; for `cosine`, of the normalised vectors
 * @returns NaN for `l2` if the product is not finite
 *
 * @example
 * similarityOf("cosine", 0.5, 1, 1) // => 0.5
 * similarityOf("l2", 4, 4, 5) // => -1
 */
export const similarityOf = (by: Similarity, product: number, squaredQuery: number, squaredItem: number): number => {
  if (by !== "l2") return product
  // An infinite product would give the distance 0.
  return Number.isFinite(product) ? -Math.sqrt(Math.max(0, squaredQuery + squaredItem - 2 * product)) : Number.NaN
}
