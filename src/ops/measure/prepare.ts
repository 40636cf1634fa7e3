/** Values that all queries of a gallery share when they are measured. */
import type { Gallery } from "../elements.ts"
import type { Breakdown } from "./breakdown.ts"
import { type LabelSets, labelSets } from "./label-sets.ts"
import { MeasureError } from "./measure-error.ts"
import type { StandardMetric } from "./metrics.ts"
import { type Relation, relationOf } from "./relations.ts"
import { type Codebook, codebook, type Level, levels, relevantCodes, strictest, type Thresholds } from "./relevance.ts"

/** The metrics to compute, and the rule that makes an image relevant. */
export interface Plan {
  /** Depths of ACG, nDCG and wAP. */
  readonly at: ReadonlyArray<number>
  /** Depth of precision. */
  readonly precisionAt: number
  readonly thresholds: Thresholds
  /** Whether the original's figures are reported; true by default. */
  readonly original?: boolean
  /**
   * Queries per chunk if the original's figures are means of the means of chunks. As in the original, the queries with a
   * relevant image at `hard` then count in mAP and precision, whichever threshold has that name.
   */
  readonly chunk?: number | undefined
  /** Parts of the queries over which figures are also means; none by default. */
  readonly by?: ReadonlyArray<Breakdown>
  /** Standard metrics and their relations; see `RelationName`. */
  readonly standard?: { readonly metrics: ReadonlyArray<StandardMetric>; readonly relations: ReadonlyArray<string> }
}

/** The standard metrics of a plan. */
export interface StandardPlan {
  readonly relations: ReadonlyArray<Relation>
  /** Depths of precision and recall: those of precision and of graded metrics, ascending. */
  readonly depths: ReadonlyArray<number>
}

/** A plan for one gallery, with the values that all of its queries share. */
export interface Prepared {
  readonly plan: Plan
  readonly gallery: Gallery
  readonly sets: LabelSets
  /** Label set of each database position, [database]. */
  readonly databaseSets: Uint32Array
  /** For each code of a pair of label sets, bit l is set if the pair is relevant at `levels[l]`. */
  readonly relevant: Uint8Array
  /** For each code, the number of labels in common. */
  readonly shared: Uint16Array
  /** For each code, the Jaccard similarity. */
  readonly similarity: Float64Array
  /** A query counts in mAP and precision if an image is relevant at this level, the strictest. */
  readonly deciding: Level
  readonly standard: StandardPlan | undefined
  /** The ranks of a whole order: 0, 1, 2 and so on, int32 [database]. */
  readonly everyRank: Int32Array
  /** Memory for the ranks of relevant images, one int32 array [database] per level, reused by every query. */
  readonly positions: ReadonlyArray<Int32Array>
}

/** Precision and recall have the depth of precision and those of the graded metrics. */
const standardPlan = ({ at, precisionAt, standard, thresholds }: Plan, book: Codebook): StandardPlan | undefined =>
  standard === undefined || standard.metrics.length === 0
    ? undefined
    : {
        relations: standard.relations.map((name) => relationOf(name, thresholds, book)),
        depths: [...new Set([precisionAt, ...at])].sort((a, b) => a - b)
      }

const checkMeasurable = ({ classes, partial, unlabelled }: Gallery): void => {
  const refuse = (problem: string, remedy: string) => {
    throw new MeasureError({ subject: "rankings", problem, remedy })
  }
  if (partial === true) {
    refuse("come from a search, but measures need a ranking of the whole database", "Put `measure` after `rank`")
  }
  if (classes.length === 0) {
    refuse(
      "have images without labels, and figures need labels",
      "Give `labels` to the step that reads the embeddings, or search and explore instead"
    )
  }
  if (unlabelled === true)
    refuse("have queries without labels", "Add labels with `relabel`, or search with images that have labels")
}

/**
 * Prepares the measuring of a gallery.
 *
 * @throws MeasureError if labels do not fit names and classes, queries have no labels, or the database is incomplete
 */
export const prepare = (gallery: Gallery, plan: Plan): Prepared => {
  checkMeasurable(gallery)
  const sets = labelSets(gallery.labels, gallery.names.length, gallery.classes.length)
  const book = codebook(gallery.classes.length)
  const relevant = new Uint8Array(book.distance.length)
  levels.forEach((level, bit) => {
    relevantCodes(book, plan.thresholds[level]).forEach((yes, code) => {
      relevant[code] |= yes << bit
    })
  })
  return {
    plan,
    gallery,
    sets,
    databaseSets: Uint32Array.from(gallery.database, (image) => sets.of[image]),
    relevant,
    shared: book.shared,
    similarity: book.similarity,
    deciding: plan.chunk === undefined ? strictest(plan.thresholds) : "hard",
    standard: standardPlan(plan, book),
    everyRank: Int32Array.from({ length: gallery.database.length }, (_, rank) => rank),
    positions: levels.map(() => new Int32Array(gallery.database.length))
  }
}
