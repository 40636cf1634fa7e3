/** Euclidean distances of directions, from cosine similarities, and the gradient back. */

/** Distances below it have no direction to push along. */
const NEAREST = 1e-9

/**
 * d = sqrt(2 - 2 s) for every similarity, from 0 to 2.
 *
 * @example
 * unitDistances(Float64Array.of(1, -1)) // => Float64Array.of(0, 2)
 */
export const unitDistances = (S: Float64Array): Float64Array => S.map((s) => Math.sqrt(Math.max(0, 2 - 2 * s)))

/** From dL/dd to dL/ds: dd/ds = -1 / d. Equal directions get no gradient. */
export const fromUnitDistances = (slopes: Float64Array, distances: Float64Array): Float64Array =>
  slopes.map((slope, at) => (slope === 0 || distances[at] < NEAREST ? 0 : -slope / distances[at]))
