/** Reduces the terms of all anchors to one number; each compares an anchor with the means of its positives and negatives. */
import { isLarge, teamFor } from "./cosine.ts"
import { everyRow, numbers, own, singles } from "./every-row.ts"
import type { LossInput, LossValue } from "./loss.ts"
import type { Selected } from "./selection.ts"
import { type Sums, spreadRows, termRows, VECTORS } from "./term-rows.ts"
import type { Term } from "./terms.ts"

/** How terms become one number. */
export type Reduction = "sum" | "mean"

/** A list of rows, or its complement if that is shorter: a sum over most of a batch is the total minus the others. */
const shorter = (list: ReadonlyArray<number>, rows: number) => {
  if (2 * list.length <= rows) return { list, sign: 1 }
  const held = new Uint8Array(rows)
  for (const row of list) held[row] = 1
  const others: Array<number> = []
  for (let row = 0; row < rows; row++) if (held[row] === 0) others.push(row)
  return { list: others, sign: -1 }
}

/** The sums of all anchors: the anchor alone, its positives, its negatives. */
const sumsOf = (selected: ReadonlyArray<Selected>, rows: number): Sums => {
  const lists = selected.flatMap(({ anchor, negatives, positives }) => [[anchor], positives, negatives])
  const short = lists.map((list) => shorter(list, rows))
  const starts = new Int32Array(lists.length + 1)
  short.forEach(({ list }, i) => {
    starts[i + 1] = starts[i] + list.length
  })
  const all = new Int32Array(starts[lists.length])
  short.forEach(({ list }, i) => {
    all.set(list, starts[i])
  })
  return {
    rows: all,
    starts,
    signs: Int8Array.from(short, ({ sign }) => sign),
    counts: Int32Array.from(lists, ({ length }) => length)
  }
}

/** The sums in which each row is, ascending. */
const byRow = ({ rows: list, starts }: Sums, rows: number) => {
  const ofRow = new Int32Array(rows + 1)
  for (const row of list) ofRow[row + 1]++
  for (let row = 0; row < rows; row++) ofRow[row + 1] += ofRow[row]
  const [next, sums] = [ofRow.slice(), new Int32Array(list.length)]
  for (let sum = 0; sum + 1 < starts.length; sum++) {
    for (let at = starts[sum]; at < starts[sum + 1]; at++) sums[next[list[at]]++] = sum
  }
  return { ofRow, sums }
}

/** Derivative that all rows share: that of sums over most of a batch. */
const everySlope = ({ counts, signs }: Sums, slopes: ArrayLike<number>, dim: number): Float64Array => {
  const every = new Float64Array(dim)
  signs.forEach((sign, sum) => {
    if (sign < 0) for (let i = 0; i < dim; i++) every[i] += slopes[sum * dim + i] / counts[sum]
  })
  return every
}

/**
 * The reduced terms, their gradient (which flows through the means), and the argument of each term's hinge.
 *
 * @param selected anchors with positives and negatives; an empty list gives 0 without gradient
 */
export const overAnchors = (
  { rows, team: given, values: raw }: LossInput,
  selected: ReadonlyArray<Selected>,
  term: Term,
  reduction: Reduction
): LossValue & { readonly hinges: ReadonlyArray<number> } => {
  const dim = rows === 0 ? 0 : raw.length / rows
  const team = teamFor(rows, dim, given)
  const sums = sumsOf(selected, rows)
  const [values, gradient] = ["values", "gradient"].map((name) => singles(team, name, raw.length))
  values.set(raw)
  const total = new Float64Array(dim)
  for (let row = 0; row < rows; row++) for (let i = 0; i < dim; i++) total[i] += raw[row * dim + i]
  const size = selected.length * VECTORS * dim
  // In large batches, reading the slopes takes most of the time.
  const slopes = isLarge(rows, dim) ? singles(team, "slopes", size) : new Float64Array(size)
  const [found, hinges] = ["terms", "hinges"].map((name) => numbers(team, name, selected.length))
  everyRow(team, termRows, { ...sums, values, total, term, found, hinges, slopes }, selected.length)
  const scale = reduction === "mean" ? 1 / Math.max(1, selected.length) : 1
  const { counts, signs } = sums
  const every = everySlope(sums, slopes, dim)
  everyRow(team, spreadRows, { slopes, dim, ...byRow(sums, rows), signs, counts, every, scale, gradient }, rows)
  return {
    value: scale * found.reduce((sum, one) => sum + one, 0),
    gradient: own(team, gradient),
    floor: Number.NaN,
    hinges: [...hinges]
  }
}
