/** The database, sorted by the similarity of its labels to the labels of one image. */
import type { LabelSets } from "../../measure/label-sets.ts"
import { codebook, codesWith } from "../../measure/relevance.ts"

/** The constant that the original adds to the union. Among equal ratios, it puts more common labels first. */
const EPSILON = 1e-6

/** For each code of a pair of label sets, its similarity |A and B| / (|A or B| + 1e-6), and the rank of that, from 0. */
export interface LabelOrder {
  readonly similarity: Float64Array
  readonly rank: Uint32Array
  /** Number of ranks. */
  readonly ranks: number
}

export const labelOrder = (classes: number): LabelOrder => {
  const { distance, shared } = codebook(classes)
  // distance = (union - shared) / union gives the union; without a shared label the similarity is 0 for any union.
  const similarity = Float64Array.from(distance, (d, code) =>
    shared[code] === 0 ? 0 : shared[code] / (Math.round(shared[code] / (1 - d)) + EPSILON)
  )
  const values = [...new Set(similarity)].sort((a, b) => b - a)
  const rankOf = new Map(values.map((value, rank) => [value, rank]))
  return { similarity, rank: Uint32Array.from(similarity, (value) => rankOf.get(value) ?? 0), ranks: values.length }
}

/**
 * Sorts the database by the similarity of its label sets to one set, descending, ties by ascending position. It is a counting
 * sort, because there are few distinct similarities.
 *
 * @param databaseSets label set of each database position, [n]
 * @param order receives the positions, int32 [n]
 * @param scores receives their similarities, float32 [n]
 */
export const orderByLabels = (
  { rank, ranks, similarity }: LabelOrder,
  sets: LabelSets,
  set: number,
  databaseSets: Uint32Array,
  order: Int32Array,
  scores: Float32Array
): void => {
  const codes = codesWith(sets, set)
  const starts = new Uint32Array(ranks + 1)
  for (const other of databaseSets) starts[rank[codes[other]] + 1]++
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1]
  databaseSets.forEach((other, position) => {
    const at = starts[rank[codes[other]]]++
    order[at] = position
    scores[at] = similarity[codes[other]]
  })
}
