/** The figures of single queries, from their rankings. */
import type { Gallery } from "../elements.ts"
import { type LabelSets, labelSets } from "./label-sets.ts"
import { averagePrecision } from "./metrics/average-precision.ts"
import {
  averageCumulativeGain,
  normalisedDiscountedCumulativeGain,
  weightedAveragePrecision
} from "./metrics/graded.ts"
import { precisionAt } from "./metrics/precision.ts"
import { relationOf } from "./relations.ts"
import { type Codebook, codebook, codesWith, levels, relevantCodes, strictest, type Thresholds } from "./relevance.ts"
import { type StandardMetric, type StandardPlan, standardValues } from "./standard.ts"

/** What is measured, and the rule that makes an image relevant. */
export interface Plan {
  /** Depths of ACG, nDCG and wAP. */
  readonly at: ReadonlyArray<number>
  /** Depth of precision. */
  readonly precisionAt: number
  readonly thresholds: Thresholds
  /** Whether the original's figures are reported; they are unless this is false. */
  readonly original?: boolean
  /** Standard measures, and by which relations; see `RelationName`. */
  readonly standard?: { readonly metrics: ReadonlyArray<StandardMetric>; readonly relations: ReadonlyArray<string> }
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
  /** Bit of the strictest level. */
  readonly strictestBit: number
  readonly standard: StandardPlan | undefined
  /** Room for the ranks of relevant images, one array a level, int32 [database]: every query uses it again. */
  readonly positions: ReadonlyArray<Int32Array>
}

/** Precision and recall are given at the depth of precision and at those of the graded measures. */
const standardPlan = ({ at, precisionAt, standard, thresholds }: Plan, book: Codebook): StandardPlan | undefined =>
  standard === undefined || standard.metrics.length === 0
    ? undefined
    : {
        metrics: standard.metrics,
        relations: standard.relations.map((name) => relationOf(name, thresholds, book)),
        depths: [...new Set([precisionAt, ...at])].sort((a, b) => a - b),
        at
      }

/** @throws MeasureError where the labels do not fit the names and classes */
export const prepare = (gallery: Gallery, plan: Plan): Prepared => {
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
    strictestBit: levels.indexOf(strictest(plan.thresholds)),
    standard: standardPlan(plan, book),
    positions: levels.map(() => new Int32Array(gallery.database.length))
  }
}

/** Figures of one query. Average precision and precision are in the order of `levels`, null where nothing is relevant. */
export interface Figures {
  readonly relevant: ReadonlyArray<number>
  /** True where an image is relevant at the strictest level: the query then counts in mAP and precision. */
  readonly counted: boolean
  readonly averagePrecision: ReadonlyArray<number | null>
  readonly precision: ReadonlyArray<number | null>
  /** In the order of `plan.at`. */
  readonly acg: ReadonlyArray<number>
  readonly ndcg: ReadonlyArray<number>
  readonly wap: ReadonlyArray<number>
  /** In the order of `standardColumns`; empty where none are measured. */
  readonly standard: ReadonlyArray<number | null>
}

/** Ranks of the relevant images at each level, ascending, and labels shared by the first results. */
const scan = (prepared: Prepared, row: number, order: Int32Array) => {
  const { databaseSets, gallery, plan, positions, relevant, sets, shared } = prepared
  const codes = codesWith(sets, sets.of[gallery.queries[row]])
  const masks = new Uint8Array(codes.length)
  for (let set = 0; set < codes.length; set++) masks[set] = relevant[codes[set]]
  const [first, second, third] = positions
  let a = 0
  let b = 0
  let c = 0
  for (let rank = 0; rank < order.length; rank++) {
    const mask = masks[databaseSets[order[rank]]]
    if (mask === 0) continue
    if ((mask & 1) !== 0) first[a++] = rank
    if ((mask & 2) !== 0) second[b++] = rank
    if ((mask & 4) !== 0) third[c++] = rank
  }
  const deepest = Math.min(order.length, Math.max(...plan.at))
  return {
    positions: [first.subarray(0, a), second.subarray(0, b), third.subarray(0, c)],
    shared: Uint16Array.from({ length: deepest }, (_, rank) => shared[codes[databaseSets[order[rank]]]])
  }
}

const standardOf = (prepared: Prepared, row: number, order: Int32Array): ReadonlyArray<number | null> => {
  const { databaseSets, gallery, sets, shared, standard } = prepared
  if (standard === undefined) return []
  const query = gallery.queries[row]
  const pairs = codesWith(sets, sets.of[query])
  const results = Uint32Array.from(order, (at) => databaseSets[at])
  const codes = Uint32Array.from(results, (set) => pairs[set])
  const width = gallery.classes.length
  const classes = gallery.classes.flatMap((_, c) => (gallery.labels[query * width + c] !== 0 ? [c] : []))
  return standardValues(standard, { sets, results, codes, shared, classes })
}

/**
 * Measures one query.
 *
 * @param row position in `gallery.queries`
 * @param order the whole database, best first: positions in `gallery.database`
 */
export const figuresOf = (prepared: Prepared, row: number, order: Int32Array): Figures => {
  const { plan, strictestBit } = prepared
  const { positions, shared } = scan(prepared, row, order)
  const depths = plan.at.map((k) => Math.min(k, order.length))
  return {
    relevant: positions.map((found) => found.length),
    counted: positions[strictestBit].length > 0,
    averagePrecision: positions.map((found) => averagePrecision(found, found.length)),
    precision: positions.map((found) => precisionAt(found, plan.precisionAt)),
    acg: depths.map((k) => averageCumulativeGain(shared, k)),
    ndcg: depths.map((k) => normalisedDiscountedCumulativeGain(shared, k)),
    wap: depths.map((k) => weightedAveragePrecision(shared, k)),
    standard: standardOf(prepared, row, order)
  }
}
