/**
 * k-reciprocal encoding (Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017): an image
 * is described by the images that are its near neighbours and have it among theirs. Two images are similar if they share
 * such neighbours.
 */
import type { Neighbours } from "./neighbours.ts"

/** Weights of some images, ascending by row: one row of the sparse matrix V. */
export interface Encoding {
  readonly rows: Int32Array
  readonly weights: Float64Array
}

/**
 * Number of neighbours that an encoding needs per image: k1 and the image itself to test for reciprocity, and k2 to average
 * over.
 *
 * @example
 * neighboursNeeded(20, 6) // => 21
 */
export const neighboursNeeded = (k1: number, k2: number): number => Math.max(k1 + 1, k2)

const nearest = ({ k, rows }: Neighbours, image: number, count: number): Int32Array =>
  rows.subarray(image * k, image * k + Math.min(k, count))

/** R(p, k): the image and those of its k nearest neighbours that have it among theirs (equation 2). */
const reciprocal = (near: Neighbours, image: number, k: number): ReadonlyArray<number> =>
  Array.from(nearest(near, image, k + 1)).filter((other) => nearest(near, other, k + 1).includes(image))

/**
 * A number rounded to the nearest integer, halves to the even one, like numpy's `around`.
 *
 * @example
 * roundHalfEven(2.5) // => 2
 * roundHalfEven(3.5) // => 4
 */
export const roundHalfEven = (value: number): number => {
  const below = Math.floor(value)
  return value - below === 0.5 ? below + (below % 2) : Math.round(value)
}

/**
 * R*(p, k1): the union of R(p, k1) and of those sets R(q, k1 / 2) of its members that have more than two thirds of their
 * elements in it (equation 3). Half of an odd k1 is rounded to an even number, as in the authors' code.
 */
export const expandedSet = (near: Neighbours, image: number, k1: number): ReadonlySet<number> => {
  const own = reciprocal(near, image, k1)
  const core = new Set(own)
  const all = new Set(own)
  for (const member of own) {
    const theirs = reciprocal(near, member, roundHalfEven(k1 / 2))
    if (theirs.filter((one) => core.has(one)).length > (2 / 3) * theirs.length) for (const one of theirs) all.add(one)
  }
  return all
}

/**
 * Squared Euclidean distance of two vectors of length 1, divided by the image's greatest squared distance to any other.
 *
 * @param least the image's least cosine with any other
 *
 * @example
 * relativeDistance(0.5, 0) // => 0.5
 */
export const relativeDistance = (cosine: number, least: number): number =>
  least < 1 ? Math.max(0, (1 - cosine) / (1 - least)) : 0

/**
 * V(p): weights exp(-d) of the members of R*(p), divided by their sum (equation 7).
 *
 * @param cosines cosines of the image with others, in double precision
 */
export const encode = (
  near: Neighbours,
  image: number,
  k1: number,
  cosines: (others: Int32Array) => Float64Array
): Encoding => {
  const rows = Int32Array.from(expandedSet(near, image, k1)).sort()
  const weights = cosines(rows).map((cosine) => Math.exp(-relativeDistance(cosine, near.least[image])))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return { rows, weights: weights.map((weight) => weight / sum) }
}

/** The mean of the encodings of an image's k2 nearest neighbours, including the image itself (equation 11). */
export const meanEncoding = (
  encodings: ReadonlyArray<Encoding>,
  near: Neighbours,
  image: number,
  k2: number
): Encoding => {
  const sums = new Map<number, number>()
  const members = nearest(near, image, k2)
  for (const member of members) {
    const { rows, weights } = encodings[member]
    rows.forEach((row, i) => {
      sums.set(row, (sums.get(row) ?? 0) + weights[i])
    })
  }
  const rows = Int32Array.from(sums.keys()).sort()
  return { rows, weights: Float64Array.from(rows, (row) => (sums.get(row) ?? 0) / members.length) }
}

/** V by columns: for each row, the images that have it, with their weights. */
export type Inverted = ReadonlyMap<number, ReadonlyArray<readonly [image: number, weight: number]>>

/** Some encodings by columns; images are numbered in their order. */
export const invert = (encodings: ReadonlyArray<Encoding>): Inverted => {
  const columns = new Map<number, Array<readonly [number, number]>>()
  encodings.forEach(({ rows, weights }, image) => {
    rows.forEach((row, i) => {
      const column = columns.get(row)
      if (column === undefined) columns.set(row, [[image, weights[i]]])
      else column.push([image, weights[i]])
    })
  })
  return columns
}

/**
 * Jaccard distances 1 - sum min / sum max between one encoding and many (equation 10). The sum of the minima is enough,
 * because every encoding has the sum 1.
 *
 * @returns float64 [count]
 */
export const jaccardDistances = ({ rows, weights }: Encoding, others: Inverted, count: number): Float64Array => {
  const minima = new Float64Array(count)
  rows.forEach((row, i) => {
    for (const [image, weight] of others.get(row) ?? []) minima[image] += Math.min(weights[i], weight)
  })
  return minima.map((shared) => 1 - shared / (2 - shared))
}
