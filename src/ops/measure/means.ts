/** Means over queries: plain ones, and the original's for BigEarthNet, which are means of the means of chunks. */
import { MeasureError } from "./measure-error.ts"

/**
 * Plain mean in the given order, of the values that are not null; null if there are none.
 *
 * @example
 * mean([1, null, 3]) // => 2
 * mean([null]) // => null
 */
export const mean = (values: Iterable<number | null>): number | null => {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (value === null) continue
    sum += value
    count++
  }
  return count === 0 ? null : sum / count
}

/**
 * Mean of a column of figures by query, in which NaN marks a query that does not count; null if no query counts.
 *
 * @example
 * columnMean(Float64Array.of(1, Number.NaN, 3)) // => 2
 */
export const columnMean = (column: Float64Array): number | null => mean(column.filter((value) => !Number.isNaN(value)))

/**
 * Cuts the queries, in their order, into trunc(queries / size) chunks; the first (queries mod chunks) are one longer.
 *
 * @returns [from, to) of each
 * @throws MeasureError if there are fewer queries than `size`
 * @example
 * chunksOf(7, 3) // => [[0, 4], [4, 7]]
 */
export const chunksOf = (queries: number, size: number): ReadonlyArray<readonly [from: number, to: number]> => {
  const chunks = Math.trunc(queries / size)
  if (chunks === 0) {
    throw new MeasureError({
      subject: `chunk: ${size}`,
      problem: `there are only ${queries} queries, fewer than one chunk needs`,
      remedy: "Set a smaller `chunk`, or omit it for plain means"
    })
  }
  const length = Math.trunc(queries / chunks)
  const longer = queries % chunks
  return Array.from({ length: chunks }, (_, i) => {
    const from = i * length + Math.min(i, longer)
    return [from, from + length + (i < longer ? 1 : 0)]
  })
}

/**
 * Mean of the means of chunks, whatever the number of queries that count in each chunk.
 *
 * @param values by query; null if a query does not count
 * @returns null if no query of some chunk counts; the original gives NaN then, or fails
 * @example
 * meanOfChunks([1, 1, 4], 1) // => 2
 */
export const meanOfChunks = (values: ReadonlyArray<number | null>, size: number): number | null => {
  const means = chunksOf(values.length, size).map(([from, to]) => mean(values.slice(from, to)))
  return means.includes(null) ? null : mean(means)
}
