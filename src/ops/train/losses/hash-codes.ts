/**
 * Codes h = tanh(beta x): what losses that train hash codes have in common. An embedding's sign is its code. Threads run these
 * loops, so this file does not import Effect.
 */
import type { Loop } from "../../workers/loops.ts"
import { copied, type Directions, isLarge, teamFor, toRows } from "./cosine.ts"
import { everyRow, numbers } from "./every-row.ts"
import type { LossInput } from "./loss.ts"
import {
  enterable,
  enterPanel,
  type Panels,
  panelsOf,
  singleGradient,
  singleRows,
  weightedStride
} from "./single-rows.ts"

/** tanh, from one exponential. */
const tanh = (x: number): number => {
  const e = Math.exp(-2 * Math.abs(x))
  const size = (1 - e) / (1 + e)
  return x < 0 ? -size : size
}

/** The codes of raw rows that are in `unit`, which they replace. */
export const codePanels: Loop<Panels & { readonly beta: number }> = {
  name: "codes",
  rows: (panels) => {
    const { beta, dim, unit } = panels
    const change = (row: number) => {
      for (let i = row * dim; i < (row + 1) * dim; i++) unit[i] = tanh(beta * unit[i])
    }
    return (from, to) => {
      for (let panel = from; panel < to; panel++) enterPanel(panels, panel, change)
    }
  }
}

/** Codes tanh(beta x) of a batch, as rows whose inner products can be computed. */
export const codesOf = (input: Pick<LossInput, "rows" | "team" | "values">, beta: number): Directions => {
  const { rows, values } = input
  const dim = rows === 0 ? 0 : values.length / rows
  const team = teamFor(rows, dim, input.team)
  const norms = new Float64Array(0)
  const single = isLarge(rows, dim) ? singleRows(rows, dim, team) : undefined
  if (single !== undefined) {
    const { unit } = single
    unit.set(values)
    everyRow(team, codePanels, { ...enterable(single), beta }, panelsOf(rows))
    return { unit, norms, rows, dim, team, single }
  }
  const unit = numbers(team, "unit", values.length)
  for (let i = 0; i < values.length; i++) unit[i] = tanh(beta * values[i])
  return { unit, norms, rows, dim, team, single }
}

/** Adds the derivative of the quantisation loss to dL/dh, and takes the result through h = tanh(beta x). */
interface Quantised {
  readonly dim: number
  /** Values from one row of `dh` and `gradient` to the next. */
  readonly stride: number
  /** Codes [rows, dim]. */
  readonly h: Float32Array | Float64Array
  readonly dh: Float32Array | Float64Array
  readonly gradient: Float32Array
  readonly beta: number
  /** Factor of (|h| - 1)^2. */
  readonly weight: number
  /** Receives the sum of (|h| - 1)^2 of each row, [rows]. */
  readonly off: Float64Array
}

/** The gradient of rows of codes. */
export const codeRows: Loop<Quantised> = {
  name: "code gradient",
  rows:
    ({ beta, dh, dim, gradient, h, off, stride, weight }) =>
    (from, to) => {
      for (let row = from; row < to; row++) {
        let sum = 0
        for (let i = 0, at = row * stride, code = row * dim; i < dim; i++, at++, code++) {
          const value = h[code]
          const far = Math.abs(value) - 1
          sum += far * far
          const slope = dh[at] + 2 * weight * far * Math.sign(value)
          gradient[at] = slope * beta * (1 - value * value)
        }
        off[row] = sum
      }
    }
}

/**
 * The quantisation loss, `weight` times the mean of (|h| - 1)^2 over all values h, by which values move to 1 or -1 before their signs
 * are taken; and the gradient with respect to x = atanh(h) / beta of it and of a loss of products.
 *
 * @param dS derivative of the loss with respect to products of codes, [rows, rows]
 */
export const throughCodes = (
  dS: Float64Array,
  codes: Directions,
  { beta, weight }: { readonly beta: number; readonly weight: number }
): { readonly value: number; readonly gradient: Float32Array } => {
  const { dim, rows, single, team, unit: h } = codes
  const count = Math.max(1, h.length)
  const off = numbers(team, "off", rows)
  const common = { dim, h, beta, weight: weight / count, off }
  const mean = () => (weight * off.reduce((sum, one) => sum + one, 0)) / count
  if (single !== undefined) {
    singleGradient(single, dS, rows)
    const { weighted } = single
    everyRow(team, codeRows, { ...common, stride: weightedStride(dim), dh: weighted, gradient: weighted }, rows)
    return { value: mean(), gradient: copied(single, 0, rows) }
  }
  const gradient = new Float32Array(h.length)
  everyRow(undefined, codeRows, { ...common, stride: dim, dh: toRows(dS, codes), gradient }, rows)
  return { value: mean(), gradient }
}
