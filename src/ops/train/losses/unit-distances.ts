/** Euclidean distances of directions, from cosine similarities, and the gradient back. */

import type { Directions } from "./cosine.ts"

/** Distances below it have no direction to push along. */
const NEAREST = 1e-9

/**
 * d = sqrt(2 - 2 s) for every similarity, from 0 to 2.
 *
 * @example
 * unitDistances(Float64Array.of(1, -1)) // => Float64Array.of(0, 2)
 */
export const unitDistances = (S: Float64Array): Float64Array => {
  const distances = new Float64Array(S.length)
  for (let at = 0; at < S.length; at++) distances[at] = Math.sqrt(Math.max(0, 2 - 2 * S[at]))
  return distances
}

/** Distances of any two directions of a batch, from 0 to 2. */
export const distanceBetween =
  ({ dim, unit }: Directions) =>
  (i: number, j: number): number => {
    let sum = 0
    for (let d = 0; d < dim; d++) sum += (unit[i * dim + d] - unit[j * dim + d]) ** 2
    return Math.sqrt(sum)
  }

/** From dL/dd to dL/ds: dd/ds = -1 / d. Equal directions get no gradient. */
export const fromUnitDistances = (slopes: Float64Array, distances: Float64Array): Float64Array => {
  const found = new Float64Array(slopes.length)
  for (let at = 0; at < slopes.length; at++) {
    if (slopes[at] !== 0 && !(distances[at] < NEAREST)) found[at] = -slopes[at] / distances[at]
  }
  return found
}
