/** k-means clustering with the seeding of k-means++ (Arthur and Vassilvitskii, SODA 2007). Does not use Effect. */
import type { Random } from "../../../pipeline/random.ts"

/** Squared distance of row `a` of a matrix and row `b` of another, both of `dim` columns. */
const squaredDistance = (x: Float32Array, a: number, y: Float32Array, b: number, dim: number): number => {
  let sum = 0
  for (let i = 0, p = a * dim, q = b * dim; i < dim; i++, p++, q++) {
    const difference = x[p] - y[q]
    sum += difference * difference
  }
  return sum
}

/** Nearest centre of a row, the first of several; centres float32 [k, dim]. */
export const nearestCentre = (points: Float32Array, row: number, centres: Float32Array, dim: number): number => {
  let [best, least] = [0, Number.POSITIVE_INFINITY]
  for (let c = 0; c < centres.length / dim; c++) {
    const distance = squaredDistance(points, row, centres, c, dim)
    if (distance >= least) continue
    best = c
    least = distance
  }
  return best
}

/** The row at which the running sum of weights reaches a value. */
const drawnBy = (weights: Float64Array, value: number): number => {
  let [sum, last] = [0, 0]
  for (let row = 0; row < weights.length; row++) {
    if (weights[row] === 0) continue
    sum += weights[row]
    last = row
    if (sum >= value) break
  }
  return last
}

/** Draws points as first centres, each with a probability proportional to its squared distance from the nearest centre so far. */
const seeded = (points: Float32Array, dim: number, k: number, { int, next }: Random): Float32Array => {
  const rows = points.length / dim
  const centres = new Float32Array(k * dim)
  const least = new Float64Array(rows).fill(Number.POSITIVE_INFINITY)
  for (let c = 0, drawn = int(rows); c < k; c++) {
    centres.set(points.subarray(drawn * dim, (drawn + 1) * dim), c * dim)
    let total = 0
    for (let row = 0; row < rows; row++) {
      least[row] = Math.min(least[row], squaredDistance(points, row, centres, c, dim))
      total += least[row]
    }
    drawn = total === 0 ? int(rows) : drawnBy(least, next() * total)
  }
  return centres
}

/** Moves centres to the means of their points; a centre without points stays. */
const moved = (points: Float32Array, dim: number, of: Int32Array, centres: Float32Array): void => {
  const sums = new Float64Array(centres.length)
  const counts = new Float64Array(centres.length / dim)
  for (let row = 0; row < of.length; row++) {
    counts[of[row]]++
    for (let i = 0; i < dim; i++) sums[of[row] * dim + i] += points[row * dim + i]
  }
  for (let at = 0; at < sums.length; at++) {
    const count = counts[Math.floor(at / dim)]
    if (count > 0) centres[at] = sums[at] / count
  }
}

/**
 * Centres of clusters, by Lloyd's iterations.
 *
 * @param points float32 [n, dim], n at least 1
 * @param k number of centres; fewer if there are fewer points
 * @param iterations at most; it ends when no point changes its cluster
 * @returns float32 [min(k, n), dim]
 */
export const kMeans = (
  points: Float32Array,
  dim: number,
  k: number,
  iterations: number,
  draws: Random
): Float32Array => {
  const rows = points.length / dim
  const centres = seeded(points, dim, Math.min(k, rows), draws)
  const of = new Int32Array(rows).fill(-1)
  for (let iteration = 0; iteration < iterations; iteration++) {
    let changed = 0
    for (let row = 0; row < rows; row++) {
      const nearest = nearestCentre(points, row, centres, dim)
      if (nearest !== of[row]) changed++
      of[row] = nearest
    }
    if (changed === 0) break
    moved(points, dim, of, centres)
  }
  return centres
}
