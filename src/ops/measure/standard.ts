/** The standard measures of single queries, as columns of numbers. */
import { type LabelSets, labelOf } from "./label-sets.ts"
import { averageCumulativeGain } from "./metrics/graded.ts"
import {
  averagePrecisionAtR,
  gradedGain,
  idealNormalisedGain,
  plainAveragePrecision,
  plainPrecision,
  recall,
  reciprocalRank,
  rPrecision
} from "./metrics/standard.ts"
import type { Relation } from "./relations.ts"

/** The measures that can be chosen, each with the name of its figures. */
export const STANDARD = {
  precision: "plain precision",
  recall: "recall",
  "r-precision": "R-precision",
  mrr: "MRR",
  map: "plain mAP",
  "map@r": "mAP@R",
  ndcg: "ideal nDCG",
  "class-map": "class mAP",
  jaccard: "label similarity",
  "jaccard-ndcg": "Jaccard nDCG"
} as const
export type StandardMetric = keyof typeof STANDARD
export const standardMetrics = Object.keys(STANDARD) as ReadonlyArray<StandardMetric>

/** One figure: its mean over queries is `results[name]` or, with a part, `results[name][part]`. */
export interface Column {
  readonly name: string
  readonly part: string | undefined
}

export interface StandardPlan {
  readonly metrics: ReadonlyArray<StandardMetric>
  readonly relations: ReadonlyArray<Relation>
  /** Depths of precision and recall. */
  readonly depths: ReadonlyArray<number>
  /** Depths of nDCG and of graded relevance. */
  readonly at: ReadonlyArray<number>
}

/** What one query's figures are computed from. */
export interface Ranked {
  readonly sets: LabelSets
  /** Label set of each result, best first, [database]. */
  readonly results: Uint32Array
  /** Code of each result's label set with the query's, [database]. */
  readonly codes: ArrayLike<number>
  /** Labels in common, by code. */
  readonly shared: Uint16Array
  /** Jaccard similarity, by code. */
  readonly similarity: Float64Array
  /** Classes of the query. */
  readonly classes: ReadonlyArray<number>
}

/** By relation: measures of the positions of relevant images, given the depth where there is one. */
const BY_RELATION: Partial<Record<StandardMetric, (positions: Int32Array, k: number) => number>> = {
  precision: plainPrecision,
  recall,
  "r-precision": rPrecision,
  mrr: reciprocalRank,
  map: plainAveragePrecision,
  "map@r": averagePrecisionAtR
}
const isGraded = (metric: StandardMetric): boolean =>
  metric === "ndcg" || metric === "jaccard" || metric === "jaccard-ndcg"
const hasDepth = (metric: StandardMetric): boolean => metric === "precision" || metric === "recall"

/** The columns of a plan, in the order of `standardValues`. */
export const standardColumns = (plan: StandardPlan, classes: ReadonlyArray<string>): ReadonlyArray<Column> =>
  plan.metrics.flatMap((metric): ReadonlyArray<Column> => {
    const name = STANDARD[metric]
    if (isGraded(metric)) return plan.at.map((k) => ({ name: `${name}@${k}`, part: undefined }))
    if (metric === "class-map") return classes.map((part) => ({ name, part }))
    const names = hasDepth(metric) ? plan.depths.map((k) => `${name}@${k}`) : [name]
    return names.flatMap((one) => plan.relations.map((relation) => ({ name: one, part: relation.name })))
  })

const positionsOf = (n: number, isRelevant: (rank: number) => boolean): Int32Array => {
  const positions = new Int32Array(n)
  let found = 0
  for (let rank = 0; rank < n; rank++) if (isRelevant(rank)) positions[found++] = rank
  return positions.subarray(0, found)
}

const sharedCounts = ({ codes, shared }: Ranked, classes: number): Uint32Array => {
  const counts = new Uint32Array(classes + 1)
  for (let rank = 0; rank < codes.length; rank++) counts[shared[codes[rank]]]++
  return counts
}

const gains = (ranked: Ranked, at: ReadonlyArray<number>): ReadonlyArray<number | null> => {
  const { codes, sets, shared } = ranked
  const counts = sharedCounts(ranked, sets.classes)
  const first = Array.from({ length: Math.min(codes.length, Math.max(...at)) }, (_, rank) => shared[codes[rank]])
  return at.map((k) => idealNormalisedGain(first, counts, Math.min(k, codes.length)))
}

/** The highest grades of the whole database, descending. */
const bestGrades = ({ codes, similarity }: Ranked, k: number): Float64Array => {
  const counts = new Uint32Array(similarity.length)
  for (let rank = 0; rank < codes.length; rank++) counts[codes[rank]]++
  const descending = Array.from(counts.keys()).sort((a, b) => similarity[b] - similarity[a])
  const best = new Float64Array(k)
  let filled = 0
  for (const code of descending) {
    best.fill(similarity[code], filled, filled + counts[code])
    filled += counts[code]
  }
  return best
}

/** Means of the Jaccard similarity of the first results, or their gain against the best order. */
const byGrade = (ranked: Ranked, at: ReadonlyArray<number>, metric: StandardMetric): ReadonlyArray<number | null> => {
  const { codes, similarity } = ranked
  const deepest = Math.min(codes.length, Math.max(...at))
  const grades = Float64Array.from({ length: deepest }, (_, rank) => similarity[codes[rank]])
  const depths = at.map((k) => Math.min(k, codes.length))
  if (metric === "jaccard") return depths.map((k) => averageCumulativeGain(grades, k))
  const ideal = bestGrades(ranked, deepest)
  return depths.map((k) => gradedGain(grades, ideal, k))
}

/** Average precision of the retrieval of each class that the query has; null for the others. */
const byClass = ({ classes, results, sets }: Ranked): ReadonlyArray<number | null> => {
  return Array.from({ length: sets.classes }, (_, c) => {
    if (!classes.includes(c)) return null
    const positions = positionsOf(results.length, (rank) => labelOf(sets, results[rank], c) === 1)
    return positions.length === 0 ? null : plainAveragePrecision(positions)
  })
}

/** The figures of one query, in the order of `standardColumns`; null where a query does not count. */
export const standardValues = (plan: StandardPlan, ranked: Ranked): ReadonlyArray<number | null> => {
  const n = ranked.codes.length
  const found = plan.relations.map(({ relevant }) => positionsOf(n, (rank) => relevant[ranked.codes[rank]] === 1))
  return plan.metrics.flatMap((metric) => {
    if (metric === "ndcg") return gains(ranked, plan.at)
    if (metric === "class-map") return byClass(ranked)
    if (isGraded(metric)) return byGrade(ranked, plan.at, metric)
    const measure = BY_RELATION[metric]
    const depths = hasDepth(metric) ? plan.depths : [1]
    return depths.flatMap((k) =>
      found.map((positions) => (positions.length === 0 ? null : (measure?.(positions, Math.min(k, n)) ?? null)))
    )
  })
}
