/**
 * Product quantisation (Jégou, Douze and Schmid, TPAMI 2011): a vector is divided into parts, and each part is replaced by the
 * number of its nearest centre among 256. Does not use Effect.
 */
import { random } from "../../../pipeline/random.ts"
import { kMeans, nearestCentre } from "./k-means.ts"

/** Centres per part: a code is one byte. */
const CENTRES = 256

/** Vectors that centres are fitted on, at most: 64 per centre. */
export const MOST_POINTS = 64 * CENTRES

/** The centres of all parts. */
export interface Codebook {
  readonly dim: number
  /** First dimension of each part, and `dim` at the end. */
  readonly bounds: ReadonlyArray<number>
  /** Centres of each part, float32 [up to 256, length of the part]. */
  readonly centres: ReadonlyArray<Float32Array>
}

/**
 * Bounds of parts whose lengths differ by at most 1.
 *
 * @example
 * boundsOf(10, 4) // => [0, 2, 5, 7, 10]
 */
export const boundsOf = (dim: number, parts: number): ReadonlyArray<number> =>
  Array.from({ length: parts + 1 }, (_, part) => Math.floor((part * dim) / parts))

/** The columns [from, to) of some rows, copied. */
const columns = (vectors: Float32Array, dim: number, rows: Int32Array, from: number, to: number): Float32Array => {
  const width = to - from
  const copy = new Float32Array(rows.length * width)
  rows.forEach((row, i) => {
    copy.set(vectors.subarray(row * dim + from, row * dim + to), i * width)
  })
  return copy
}

/**
 * Fits the centres of all parts on up to 16,384 of the vectors, which are drawn.
 *
 * @param vectors float32 [n, dim], n at least 1
 * @param iterations of k-means, at most
 * @throws RangeError if there are more parts than dimensions, or no vectors
 */
export const fitCodebook = (
  vectors: Float32Array,
  dim: number,
  parts: number,
  iterations: number,
  seed: number
): Codebook => {
  const count = vectors.length / dim
  if (parts > dim) throw new RangeError(`vectors of ${dim} dimensions cannot be divided into ${parts} parts`)
  if (count === 0) throw new RangeError("product quantisation needs vectors to fit its centres on")
  const drawn = random(seed, 0, 0, "product").permutation(count).subarray(0, MOST_POINTS)
  const bounds = boundsOf(dim, parts)
  const centres = Array.from({ length: parts }, (_, part) => {
    const [from, to] = [bounds[part], bounds[part + 1]]
    const points = columns(vectors, dim, drawn, from, to)
    return kMeans(points, to - from, CENTRES, iterations, random(seed, 0, part, "k-means"))
  })
  return { dim, bounds, centres }
}

/** Codes of vectors: uint8 [n, parts]. @param vectors float32 [n, dim] */
export const productCodes = ({ bounds, centres, dim }: Codebook, vectors: Float32Array): Uint8Array => {
  const rows = Int32Array.from({ length: vectors.length / dim }, (_, row) => row)
  const codes = new Uint8Array(rows.length * centres.length)
  centres.forEach((own, part) => {
    const [from, to] = [bounds[part], bounds[part + 1]]
    const points = columns(vectors, dim, rows, from, to)
    for (const row of rows) codes[row * centres.length + part] = nearestCentre(points, row, own, to - from)
  })
  return codes
}

/** The vectors that codes denote: float32 [n, dim]. @param codes uint8 [n, parts] */
export const productVectors = ({ bounds, centres, dim }: Codebook, codes: Uint8Array): Float32Array => {
  const parts = centres.length
  const vectors = new Float32Array((codes.length / parts) * dim)
  for (let at = 0; at < codes.length; at++) {
    const part = at % parts
    const width = bounds[part + 1] - bounds[part]
    const centre = centres[part].subarray(codes[at] * width, (codes[at] + 1) * width)
    vectors.set(centre, Math.floor(at / parts) * dim + bounds[part])
  }
  return vectors
}

/**
 * What each code adds to the similarity with a query, which itself is not quantised (asymmetric distances, section III B).
 *
 * @param by `dot` for inner products, `l2` for negative squared distances
 * @returns float64 [parts, 256]
 */
export const productTable = ({ bounds, centres }: Codebook, query: Float32Array, by: "dot" | "l2"): Float64Array => {
  const table = new Float64Array(centres.length * CENTRES)
  centres.forEach((own, part) => {
    const [from, to] = [bounds[part], bounds[part + 1]]
    for (let c = 0; c < own.length / (to - from); c++) {
      let sum = 0
      for (let i = from, at = c * (to - from); i < to; i++, at++) {
        sum += by === "dot" ? query[i] * own[at] : -((query[i] - own[at]) ** 2)
      }
      table[part * CENTRES + c] = sum
    }
  })
  return table
}

/** Sums of the table's entries for some rows of codes: float64 [rows]. */
export const productScores = (table: Float64Array, codes: Uint8Array, rows: Int32Array): Float64Array => {
  const parts = table.length / CENTRES
  const scores = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    let sum = 0
    for (let part = 0, at = rows[i] * parts; part < parts; part++, at++) sum += table[part * CENTRES + codes[at]]
    scores[i] = sum
  }
  return scores
}
