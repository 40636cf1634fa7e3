/** Figures of one evaluation, and comparisons of several. */
import { type AnyElement, element } from "../../pipeline/element.ts"

/** Figures of one evaluation under their plain names, with the rule that makes an image relevant. */
export interface Report extends AnyElement {
  readonly kind: "report"
  readonly queries: number
  /** Number of queries that have a relevant image at the level with the smallest threshold; only these count in mAP and precision. */
  readonly counted: number
  readonly database: number
  /** For example { mAP: { easy, medium, hard }, "precision@10": { easy, .. }, "ACG@20": 1.2 }; null if undefined. */
  readonly results: Results
  /** Sentences that must accompany the figures: relevance rule, cuts, exclusions. */
  readonly notes: ReadonlyArray<string>
  /** Whether the ranking used the labels of the database: the figures then do not measure the embeddings alone. */
  readonly usesDatabaseLabels?: boolean | undefined
}
export type Results = Readonly<Record<string, number | null | Readonly<Record<string, number | null>>>>
export const Report = element<Report>("report", "reports", "figures of one evaluation, with their relevance rule")

/** Figures of one query. */
export interface QueryFigures {
  /** Number of relevant images, in the order of the levels easy, medium, hard. */
  readonly relevant: ReadonlyArray<number>
  /** Whether an image is relevant at the deciding level: the query then counts in mAP and precision. */
  readonly counted: boolean
  /** One value per figure of the evaluation; null where the query does not count. */
  readonly values: ReadonlyArray<number | null>
}

/** Predicted labels of a batch of images. */
export interface Predictions extends AnyElement {
  readonly kind: "predictions"
  readonly size: number
  readonly names: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
  /** float32 [size, classes]. */
  readonly probabilities: Float32Array
  /** Least probability of a label that counts as predicted. */
  readonly threshold: number
  /** The true labels, uint8 [size, classes], if they are known. */
  readonly labels: Uint8Array | undefined
}
export const Predictions = element<Predictions>("predictions", "predictions", "probabilities of labels, float32 [n, L]")

/** One figure of several runs, each compared with the first on the same queries. */
export interface ComparedFigure {
  /** Name as in the table of figures by query: `mAP hard`, `ACG@20`. */
  readonly name: string
  /** Means by run, each over the queries that count in it; null if no query counts. */
  readonly means: ReadonlyArray<number | null>
  /** Difference of each further run to the first; null if no query counts in both. */
  readonly differences: ReadonlyArray<{
    readonly mean: number
    readonly low: number
    readonly high: number
    readonly p: number
    /** p corrected for the number of differences in the table (Holm 1979); only between groups of runs. */
    readonly adjusted?: number
    readonly queries: number
  } | null>
  /** Where groups of runs are compared: the value of each run of each group. `means` then has one value per group. */
  readonly values?: ReadonlyArray<ReadonlyArray<number | null>>
}

/** A comparison of several runs on the same queries. */
export interface Comparison extends AnyElement {
  readonly kind: "comparison"
  /** Names of the runs, or of the groups of runs. */
  readonly runs: ReadonlyArray<string>
  /** The runs of each group, where groups are compared. */
  readonly members?: ReadonlyArray<ReadonlyArray<string>>
  /** Whether runs of two groups belong together in their order. */
  readonly paired?: boolean
  /** The runs whose ranking used the labels of the database. */
  readonly useDatabaseLabels: ReadonlyArray<string>
  readonly queries: number
  readonly figures: ReadonlyArray<ComparedFigure>
  /** Number of resamples of the queries for the intervals. */
  readonly resamples: number
  /** Further sentences about the comparison. */
  readonly notes?: ReadonlyArray<string>
}
export const Comparison = element<Comparison>(
  "comparison",
  "comparisons",
  "figures of several runs on the same queries, with paired intervals"
)
