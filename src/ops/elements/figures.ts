/** Figures of one evaluation, and of several beside each other. */
import { type AnyElement, element } from "../../pipeline/element.ts"

/** Figures of one evaluation under their plain names, with the rule that makes an image relevant. */
export interface Report extends AnyElement {
  readonly kind: "report"
  readonly queries: number
  /** Queries with a relevant image at the strictest level: those that count in mAP and precision. */
  readonly counted: number
  readonly database: number
  /** For example { mAP: { easy, medium, hard }, "precision@10": { easy, .. }, "ACG@20": 1.2 }; null where undefined. */
  readonly results: Results
  /** Sentences that belong beside the figures: relevance rule, cuts, exclusions. */
  readonly notes: ReadonlyArray<string>
  /** True where the ranking was made with the labels of the database: no figures of the embeddings alone. */
  readonly usesDatabaseLabels?: boolean | undefined
}
export type Results = Readonly<Record<string, number | null | Readonly<Record<string, number | null>>>>
export const Report = element<Report>("report", "reports", "figures of one evaluation, with their relevance rule")

/** One figure of several runs, each compared with the first on the same queries. */
export interface ComparedFigure {
  /** As the table of figures by query names it: `mAP hard`, `ACG@20`. */
  readonly name: string
  /** Means by run, each over the queries that count in it; null where none does. */
  readonly means: ReadonlyArray<number | null>
  /** What each further run has more than the first; null where no query counts in both. */
  readonly differences: ReadonlyArray<{
    readonly mean: number
    readonly low: number
    readonly high: number
    readonly p: number
    readonly queries: number
  } | null>
}

/** Several runs on the same queries. */
export interface Comparison extends AnyElement {
  readonly kind: "comparison"
  readonly runs: ReadonlyArray<string>
  /** Those of `runs` whose ranking was made with the labels of the database. */
  readonly useDatabaseLabels: ReadonlyArray<string>
  readonly queries: number
  readonly figures: ReadonlyArray<ComparedFigure>
  /** Resamples of the queries behind the intervals. */
  readonly resamples: number
}
export const Comparison = element<Comparison>(
  "comparison",
  "comparisons",
  "figures of several runs on the same queries, with paired intervals"
)
