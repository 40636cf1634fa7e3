/** What all queries of a ranking share when they are measured. */
import type { Gallery } from "../elements.ts"
import { type LabelSets, labelSets } from "./label-sets.ts"
import { MeasureError } from "./measure-error.ts"
import type { StandardMetric } from "./metrics.ts"
import { type Relation, relationOf } from "./relations.ts"
import { type Codebook, codebook, type Level, levels, relevantCodes, strictest, type Thresholds } from "./relevance.ts"

/** What is measured, and the rule that makes an image relevant. */
export interface Plan {
  /** Depths of ACG, nDCG and wAP. */
  readonly at: ReadonlyArray<number>
  /** Depth of precision. */
  readonly precisionAt: number
  readonly thresholds: Thresholds
  /** Whether the original's figures are reported; they are unless this is false. */
  readonly original?: boolean
  /**
   * Queries per chunk where the original's figures are its means of chunk means. The queries that count in mAP and
   * precision are then, as there, those with a relevant image at `hard`, whichever threshold bears that name.
   */
  readonly chunk?: number | undefined
  /** Standard measures, and by which relations; see `RelationName`. */
  readonly standard?: { readonly metrics: ReadonlyArray<StandardMetric>; readonly relations: ReadonlyArray<string> }
}

/** The standard metrics of a plan. */
export interface StandardPlan {
  readonly relations: ReadonlyArray<Relation>
  /** Depths of precision and recall: those of precision and of graded metrics, ascending. */
  readonly depths: ReadonlyArray<number>
}

/** A plan for one gallery: what all of its queries share. */
export interface Prepared {
  readonly plan: Plan
  readonly gallery: Gallery
  readonly sets: LabelSets
  /** Label set of each database position, [database]. */
  readonly databaseSets: Uint32Array
  /** For each code of a pair of label sets, bit l set where it is relevant at `levels[l]`. */
  readonly relevant: Uint8Array
  /** For each code, the number of labels in common. */
  readonly shared: Uint16Array
  /** For each code, the Jaccard similarity. */
  readonly similarity: Float64Array
  /** A query counts in mAP and precision where an image is relevant at this level: the strictest. */
  readonly deciding: Level
  readonly standard: StandardPlan | undefined
  /** Room for the ranks of relevant images, one array a level, int32 [database]: every query uses it again. */
  readonly positions: ReadonlyArray<Int32Array>
}

/** Precision and recall are given at the depth of precision and at those of the graded measures. */
const standardPlan = ({ at, precisionAt, standard, thresholds }: Plan, book: Codebook): StandardPlan | undefined =>
  standard === undefined || standard.metrics.length === 0
    ? undefined
    : {
        relations: standard.relations.map((name) => relationOf(name, thresholds, book)),
        depths: [...new Set([precisionAt, ...at])].sort((a, b) => a - b)
      }

const checkMeasurable = ({ partial, unlabelled }: Gallery): void => {
  const refuse = (problem: string, remedy: string) => {
    throw new MeasureError({ subject: "rankings", problem, remedy })
  }
  if (partial === true) {
    refuse("are what a search found, and figures are of a whole database", "Measure what `rank` gives")
  }
  if (unlabelled === true)
    refuse("are of queries without labels", "Give them some with `relabel`, or search with images that have labels")
}

/** @throws MeasureError where labels do not fit names and classes, queries have none, or the database is part of one */
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
    positions: levels.map(() => new Int32Array(gallery.database.length))
  }
}
