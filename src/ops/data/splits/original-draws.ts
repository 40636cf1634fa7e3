/** The splits of the original: which images train, validate and test, and which of the tested are queries. */
import { mt19937 } from "./mt19937.ts"

/** Indices 0..n-1 in three parts, each ascending. */
export interface StandardSplit {
  readonly train: Int32Array
  readonly val: Int32Array
  readonly test: Int32Array
}

/** Indices 0..n-1 in two parts, each ascending. */
export interface QuerySplit {
  readonly queries: Int32Array
  readonly database: Int32Array
}

const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i)

const without = (pool: Int32Array, taken: Int32Array): Int32Array => {
  const gone = new Set(taken)
  return pool.filter((i) => !gone.has(i))
}

/**
 * Draws trunc(n * train) images, then trunc(n * val) of the rest with the same generator. The products are truncated as
 * doubles: 0.7 of 90 are 62.
 *
 * @param seed of numpy's legacy generator; the original has 24
 */
export const prepareStd = (n: number, seed: number, train: number, val: number): StandardSplit => {
  const generator = mt19937(seed)
  const all = range(n)
  const training = generator.choice(all, Math.trunc(n * train)).sort()
  const rest = without(all, training)
  const validation = generator.choice(rest, Math.trunc(n * val)).sort()
  return { train: training, val: validation, test: without(rest, validation) }
}

/**
 * Draws trunc(n * share) queries; all others are the database.
 *
 * @param seed of numpy's legacy generator; the original has 24
 * @param share of the images that are queries; the original has 0.2
 */
export const querySplit = (n: number, seed: number, share: number): QuerySplit => {
  const all = range(n)
  const queries = mt19937(seed)
    .choice(all, Math.trunc(n * share))
    .sort()
  return { queries, database: without(all, queries) }
}
