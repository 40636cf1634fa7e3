/** Reduces the terms of all anchors to one number; each compares an anchor with the means of its positives and negatives. */
import type { LossInput, LossValue } from "./loss.ts"
import type { Selected } from "./selection.ts"
import type { TermOf } from "./terms.ts"

/** How terms become one number. */
export type Reduction = "sum" | "mean"

/** Rows of the batch in float64, and their sum. */
interface Rows {
  readonly values: Float64Array
  readonly total: Float64Array
  readonly rows: number
  readonly dim: number
}

const rowsOf = ({ values, rows }: LossInput): Rows => {
  const dim = rows === 0 ? 0 : values.length / rows
  const total = new Float64Array(dim)
  for (let row = 0; row < rows; row++) for (let i = 0; i < dim; i++) total[i] += values[row * dim + i]
  return { values: Float64Array.from(values), total, rows, dim }
}

/** A list of rows, or its complement if that is shorter: a sum over most of a batch is the total minus the others. */
const shorter = (list: ReadonlyArray<number>, rows: number) => {
  if (2 * list.length <= rows) return { list, sign: 1 }
  const held = new Set(list)
  return { list: Array.from({ length: rows }, (_, row) => row).filter((row) => !held.has(row)), sign: -1 }
}

const meanOf = ({ values, total, rows, dim }: Rows, list: ReadonlyArray<number>): Float64Array => {
  const { list: few, sign } = shorter(list, rows)
  const mean = sign > 0 ? new Float64Array(dim) : total.slice()
  for (const row of few) for (let i = 0; i < dim; i++) mean[i] += sign * values[row * dim + i]
  return mean.map((sum) => sum / list.length)
}

/** Slopes of single rows, and one that all rows share. */
interface Slopes {
  readonly own: Float64Array
  readonly every: Float64Array
}

const spread = ({ own, every }: Slopes, rows: number, list: ReadonlyArray<number>, slope: Float64Array): void => {
  const { list: few, sign } = shorter(list, rows)
  const dim = every.length
  if (sign < 0) for (let i = 0; i < dim; i++) every[i] += slope[i] / list.length
  for (const row of few) for (let i = 0; i < dim; i++) own[row * dim + i] += (sign * slope[i]) / list.length
}

const gathered = ({ own, every }: Slopes, scale: number): Float32Array =>
  Float32Array.from(own, (slope, at) => scale * (slope + every[at % every.length]))

/**
 * The reduced terms, their gradient (which flows through the means), and the argument of each term's hinge.
 *
 * @param selected anchors with positives and negatives; an empty list gives 0 without gradient
 */
export const overAnchors = (
  input: LossInput,
  selected: ReadonlyArray<Selected>,
  termOf: TermOf,
  reduction: Reduction
): LossValue & { readonly hinges: ReadonlyArray<number> } => {
  const rows = rowsOf(input)
  const slopes = { own: new Float64Array(input.values.length), every: new Float64Array(rows.dim) }
  const hinges: Array<number> = []
  let sum = 0
  for (const { anchor, positives, negatives } of selected) {
    const term = termOf(meanOf(rows, [anchor]), meanOf(rows, positives), meanOf(rows, negatives))
    sum += term.value
    hinges.push(term.hinge)
    const [toAnchor, toPositives, toNegatives] = term.slopes
    spread(slopes, rows.rows, [anchor], toAnchor)
    spread(slopes, rows.rows, positives, toPositives)
    spread(slopes, rows.rows, negatives, toNegatives)
  }
  const scale = reduction === "mean" ? 1 / Math.max(1, selected.length) : 1
  return { value: scale * sum, gradient: gathered(slopes, scale), floor: Number.NaN, hinges }
}
