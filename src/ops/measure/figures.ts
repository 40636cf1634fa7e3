/** The figures of single queries, from their rankings. */
import { averagePrecision } from "./metrics/average-precision.ts"
import {
  averageCumulativeGain,
  normalisedDiscountedCumulativeGain,
  weightedAveragePrecision
} from "./metrics/graded.ts"
import { precisionAt } from "./metrics/precision.ts"
import type { Prepared } from "./prepare.ts"
import { codesWith, levels } from "./relevance.ts"
import { standardValues } from "./standard.ts"

/** Figures of one query. Average precision and precision are in the order of `levels`, null where nothing is relevant. */
export interface Figures {
  readonly relevant: ReadonlyArray<number>
  /** True where an image is relevant at the deciding level: the query then counts in mAP and precision. */
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
  const { databaseSets, gallery, sets, shared, similarity, standard } = prepared
  if (standard === undefined) return []
  const query = gallery.queries[row]
  const pairs = codesWith(sets, sets.of[query])
  const results = Uint32Array.from(order, (at) => databaseSets[at])
  const codes = Uint32Array.from(results, (set) => pairs[set])
  const width = gallery.classes.length
  const classes = gallery.classes.flatMap((_, c) => (gallery.labels[query * width + c] !== 0 ? [c] : []))
  return standardValues(standard, { sets, results, codes, shared, similarity, classes })
}

/**
 * Measures one query.
 *
 * @param row position in `gallery.queries`
 * @param order the whole database, best first: positions in `gallery.database`
 */
export const figuresOf = (prepared: Prepared, row: number, order: Int32Array): Figures => {
  const { deciding, plan } = prepared
  const { positions, shared } = scan(prepared, row, order)
  const depths = plan.at.map((k) => Math.min(k, order.length))
  return {
    relevant: positions.map((found) => found.length),
    counted: positions[levels.indexOf(deciding)].length > 0,
    averagePrecision: positions.map((found) => averagePrecision(found, found.length)),
    precision: positions.map((found) => precisionAt(found, plan.precisionAt)),
    acg: depths.map((k) => averageCumulativeGain(shared, k)),
    ndcg: depths.map((k) => normalisedDiscountedCumulativeGain(shared, k)),
    wap: depths.map((k) => weightedAveragePrecision(shared, k)),
    standard: standardOf(prepared, row, order)
  }
}
