/**
 * The form of a metric. Metrics are pure functions of the ranking of one query; reports hold their means over queries.
 *
 * A new metric is a file in this folder that exports a definition, and its name in the list of `../metrics.ts`.
 */

/** The results of one query, as metrics of graded relevance see them. */
export interface Graded {
  /** Number of labels that each result shares with the query, best first; as deep as the deepest figure. */
  readonly shared: ArrayLike<number>
  /** Jaccard similarity of each result's labels to the query's, from 0 to 1; as deep as the deepest figure. */
  readonly similarity: ArrayLike<number>
  /** Number of images in the whole database that share c labels with the query, by c. */
  readonly counts: () => ArrayLike<number>
  /** The highest Jaccard similarities in the whole database, descending; as deep as the deepest figure. */
  readonly best: () => ArrayLike<number>
}

interface Described {
  /** Its name in the parameter `metrics` of `measure`. */
  readonly name: string
  /** Its name in reports and tables, without a depth. */
  readonly label: string
  /** `original`: a figure of the original, chosen together with the others of this group. */
  readonly group: "original" | "standard"
  /** What it is, for the documentation: a phrase without a full stop. */
  readonly title: string
  /** A sentence for the notes of every report that has it. */
  readonly note?: string
}

/** A metric of the ranks of relevant images, with one figure per relation (and depth). */
export interface RelationMetric extends Described {
  readonly kind: "relation"
  /** Depths of its figures: none, that of precision, or that of precision and those of graded metrics. */
  readonly depths: "none" | "precision" | "all"
  /**
   * @param positions 0-based ranks of all relevant images, ascending; at least one
   * @param k depth, at most the size of the database
   */
  readonly of: (positions: ArrayLike<number>, k: number) => number | null
}

/** A metric of graded relevance, with one figure per depth. */
export interface GradedMetric extends Described {
  readonly kind: "graded"
  /**
   * @param k depth, at most the size of the database
   * @returns null if the query does not count
   */
  readonly of: (query: Graded, k: number) => number | null
}

/** A metric of the retrieval of each class that the query has, with one figure per class and their mean. */
export interface ClassMetric extends Described {
  readonly kind: "class"
  /** @param positions 0-based ranks of all images of the class, ascending; at least one */
  readonly of: (positions: ArrayLike<number>) => number | null
}

/** A curve: one figure per point and relation, `LABEL (RELATION)` with the points as parts. */
export interface CurveMetric extends Described {
  readonly kind: "curve"
  readonly points: ReadonlyArray<number>
  /** @param positions 0-based ranks of all relevant images, ascending; at least one */
  readonly of: (positions: ArrayLike<number>, point: number) => number
}

export type Metric = RelationMetric | GradedMetric | ClassMetric | CurveMetric

/**
 * The part of an order that the metrics of each kind depend on: the ranks of relevant images (`relevant`), the ranks of images that
 * share a class with the query (`classes`), or the order of the first images (`first`). Metrics receive no other part of an order,
 * so rankings that are only measured are never sorted as a whole.
 */
export const needs = {
  relation: "relevant",
  curve: "relevant",
  class: "classes",
  graded: "first"
} as const satisfies Readonly<Record<Metric["kind"], "relevant" | "classes" | "first">>

/**
 * Declares a metric.
 *
 * @example
 * const lastRank = defineMetric({
 *   name: "last-rank",
 *   label: "last rank",
 *   group: "standard",
 *   kind: "relation",
 *   depths: "none",
 *   title: "1-based rank of the last relevant image",
 *   of: (positions) => positions[positions.length - 1] + 1
 * })
 * lastRank.of([0, 4], 10) // => 5
 */
export const defineMetric = <const M extends Metric>(metric: M): M => metric
