/** The original's means for BigEarthNet: queries in chunks, each figure the mean of its means over chunks. */
import { mean } from "./columns.ts"
import { MeasureError } from "./measure-error.ts"

/**
 * Cuts the queries, in their order, into trunc(queries / size) runs, the first (queries mod runs) of them one longer.
 *
 * @returns [from, to) of each
 * @throws MeasureError where there are fewer queries than `size`
 */
export const chunksOf = (queries: number, size: number): ReadonlyArray<readonly [from: number, to: number]> => {
  const chunks = Math.trunc(queries / size)
  if (chunks === 0) {
    throw new MeasureError({
      subject: `chunk: ${size}`,
      problem: `there are ${queries} queries, fewer than one chunk takes`,
      remedy: "Give a smaller chunk, or leave `chunk` out for plain means"
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
 * Mean of the chunks' means, however many queries of a chunk count.
 *
 * @param values by query, null where one does not count
 * @returns null where no query of some chunk counts: the original has NaN there, or fails
 */
export const meanOfChunks = (values: ReadonlyArray<number | null>, size: number): number | null => {
  const means = chunksOf(values.length, size).map(([from, to]) => mean(values.slice(from, to)))
  return means.includes(null) ? null : mean(means)
}
