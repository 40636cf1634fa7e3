/** Short forms of vectors: eight bits a value, or one. */
import { popcount } from "../../measure/popcount.ts"

/**
 * Rounds each vector to whole numbers from -127 to 127, scaled by its largest absolute value: one byte per value.
 *
 * @param vectors float32 [n, d]
 * @returns the whole numbers, stored as float32 [n, d]
 * @example
 * toInt8(Float32Array.of(0.5, -1), 2) // => Float32Array.of(64, -127)
 */
export const toInt8 = (vectors: Float32Array, dim: number): Float32Array => {
  const rounded = new Float32Array(vectors.length)
  for (let at = 0; at < vectors.length; at += dim) {
    const row = vectors.subarray(at, at + dim)
    const most = row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    if (most === 0) continue
    for (let i = 0; i < dim; i++) rounded[at + i] = Math.round((127 * row[i]) / most)
  }
  return rounded
}

/**
 * The sign of each value, 1 from 0 on and -1 below it: one bit per value. The cosine similarity of two such vectors is
 * 1 - 2 h / d for the Hamming distance h of their bits, so that both give the same order.
 *
 * @param vectors float32 [n, d]
 * @returns float32 [n, d]
 * @example
 * toSigns(Float32Array.of(0.5, -0.1, 0)) // => Float32Array.of(1, -1, 1)
 */
export const toSigns = (vectors: Float32Array): Float32Array => vectors.map((value) => (value < 0 ? -1 : 1))

/**
 * Packs signs into words of 32 bits; the last word of a vector is filled with zeros.
 *
 * @param vectors float32 [n, d]
 * @returns uint32 [n, ceil(d / 32)]
 * @example
 * packSigns(Float32Array.of(1, -1, 1), 3) // => Uint32Array.of(5)
 */
export const packSigns = (vectors: Float32Array, dim: number): Uint32Array => {
  const words = Math.ceil(dim / 32)
  const rows = dim === 0 ? 0 : vectors.length / dim
  const packed = new Uint32Array(rows * words)
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dim; i++) {
      if (vectors[row * dim + i] >= 0) packed[row * words + (i >>> 5)] |= 1 << (i & 31)
    }
  }
  return packed
}

/** One result of a search. */
export interface Match {
  /** Row of the database. */
  readonly row: number
  /** Number of bits that differ. */
  readonly distance: number
}

/**
 * The nearest rows of a database of packed signs, by (distance, position). Distances are whole numbers up to d, so that
 * counting sorts them.
 *
 * @param query uint32 [words]
 * @param database uint32 [n, words], see `packSigns`
 * @param k number of results
 * @example
 * nearestCodes(Uint32Array.of(5), Uint32Array.of(4, 5, 7, 5), 3).map(({ row }) => row) // => [1, 3, 0]
 */
export const nearestCodes = (query: Uint32Array, database: Uint32Array, k: number): ReadonlyArray<Match> => {
  const words = query.length
  const rows = words === 0 ? 0 : database.length / words
  const distances = new Uint16Array(rows)
  const counts = new Uint32Array(32 * words + 1)
  for (let row = 0, at = 0; row < rows; row++) {
    let distance = 0
    for (let w = 0; w < words; w++, at++) distance += popcount(query[w] ^ database[at])
    distances[row] = distance
    counts[distance]++
  }
  let [last, before] = [0, 0]
  for (; last < counts.length && before + counts[last] < k; last++) before += counts[last]
  const found: Array<Match> = []
  let left = k - before
  for (let row = 0; row < rows; row++) {
    if (distances[row] < last || (distances[row] === last && left-- > 0)) found.push({ row, distance: distances[row] })
  }
  return found.sort((a, b) => a.distance - b.distance || a.row - b.row)
}
