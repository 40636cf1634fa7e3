import { joined } from "../../joined.ts"
import type { Similarity } from "../similarity.ts"
import { squares } from "../unit-length.ts"
import { type Coding, defineIndex, rerankParams, type Saved, type Setting } from "./coding.ts"
import { allowedRows, bestRows } from "./scan.ts"

/** Largest code. */
const MOST = 127

/** Codes of some vectors: whole numbers that, times the scale of their row, approximate the values. */
interface Coded {
  readonly codes: Int8Array
  /** float64 [rows]. */
  readonly scales: Float64Array
  /** Sums of squares of the vectors, float64 [rows]. */
  readonly squared: Float64Array
}

/**
 * Rounds each vector to whole numbers from -127 to 127 times a scale of its own.
 *
 * @param vectors float32 [n, dim]
 * @example
 * int8Codes(Float32Array.of(0.5, -1), 2).codes // => Int8Array.of(64, -127)
 */
export const int8Codes = (vectors: Float32Array, dim: number): Coded => {
  const count = vectors.length / dim
  const codes = new Int8Array(vectors.length)
  const [scales, squared] = [new Float64Array(count), new Float64Array(count)]
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * dim, (row + 1) * dim)
    squared[row] = squares(vector)
    const most = vector.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    if (most === 0) continue
    scales[row] = most / MOST
    for (let i = 0; i < dim; i++) codes[row * dim + i] = Math.round(vector[i] / scales[row])
  }
  return { codes, scales, squared }
}

/** Similarity from an inner product, in double precision. */
const similarity = (by: Similarity, product: number, own: number, squared: number): number => {
  if (by === "dot") return product
  if (by === "l2") return -Math.sqrt(Math.max(0, own + squared - 2 * product))
  return own === 0 || squared === 0 ? -1 : product / Math.sqrt(own * squared)
}

/** @param blocks at least one, which may be empty */
const codingOf = ({ by, dim }: Setting, blocks: Array<Coded>): Coding => {
  const rowsIn = ({ scales }: Coded) => scales.length
  const count = () => blocks.reduce((sum, one) => sum + rowsIn(one), 0)
  /** Scores of one query for some ascending rows. */
  const scoresFor = (query: Float32Array, rows: Int32Array): Float64Array => {
    const [asked, own] = [Float64Array.from(query), squares(query)]
    const scores = new Float64Array(rows.length)
    let [block, first] = [0, 0]
    for (let i = 0; i < rows.length; i++) {
      while (rows[i] >= first + rowsIn(blocks[block])) first += rowsIn(blocks[block++])
      const { codes, scales, squared } = blocks[block]
      const row = rows[i] - first
      let product = 0
      for (let k = 0, at = row * dim; k < dim; k++, at++) product += asked[k] * codes[at]
      scores[i] = similarity(by, product * scales[row], own, squared[row])
    }
    return scores
  }
  return {
    add: (vectors) => void blocks.push(int8Codes(vectors, dim)),
    search: async (queries, k, allowed) => {
      const rows = allowedRows(count(), allowed)
      return queries.map((query) => bestRows(rows, scoresFor(query, rows), k))
    },
    save: async (): Promise<Readonly<Record<string, Saved>>> => {
      const codes = joined(blocks.map((one) => new Uint8Array(one.codes.buffer)))
      return {
        codes: { dtype: "uint8", shape: [count(), dim], data: codes },
        scales: { dtype: "float64", shape: [count()], data: joined(blocks.map(({ scales }) => scales)) },
        squared: { dtype: "float64", shape: [count()], data: joined(blocks.map(({ squared }) => squared)) }
      }
    },
    bytes: () => count() * (dim + 16)
  }
}

/** The index `int8`: one byte per value, compared with the values of the query as they are. */
export const int8 = defineIndex({
  name: "int8",
  title: "one byte per value; each vector has a scale of its own",
  source: "Jégou et al., TPAMI 2011, for distances to codes",
  params: rerankParams,
  rerank: ({ codes_only, rerank }) => (codes_only ? undefined : rerank),
  build: async (_, setting) => codingOf(setting, [int8Codes(new Float32Array(0), setting.dim)]),
  load: async (_, setting, arrays, rows) =>
    codingOf(setting, [
      {
        codes: Int8Array.from(arrays.of("codes", rows * setting.dim).data, (value) => (value << 24) >> 24),
        scales: Float64Array.from(arrays.of("scales", rows).data),
        squared: Float64Array.from(arrays.of("squared", rows).data)
      }
    ])
})
