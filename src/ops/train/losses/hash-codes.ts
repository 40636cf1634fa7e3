/** Codes of tanh: what losses that train hash codes have in common. An embedding's sign is its code. */
import { type Directions, teamFor } from "./cosine.ts"
import { numbers } from "./every-row.ts"
import type { LossInput } from "./loss.ts"

/** Codes tanh(beta x) of a batch, as rows whose inner products can be computed. */
export const codesOf = ({ rows, team: given, values }: Pick<LossInput, "rows" | "team" | "values">, beta: number) => {
  const dim = rows === 0 ? 0 : values.length / rows
  const team = teamFor(rows, dim, given)
  const unit = numbers(team, "unit", values.length)
  for (let i = 0; i < values.length; i++) unit[i] = Math.tanh(beta * values[i])
  const codes: Directions = { unit, norms: new Float64Array(0), rows, dim, team }
  return codes
}

/**
 * The quantisation loss: the mean of (|h| - 1)^2 over all values h, by which values move to 1 or -1 before their signs are
 * taken. Adds `weight` times its derivative to `dh`.
 *
 * @returns `weight` times the mean
 */
export const quantisation = (h: Float64Array, weight: number, dh: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < h.length; i++) {
    const off = Math.abs(h[i]) - 1
    sum += off * off
    dh[i] += (weight * 2 * off * Math.sign(h[i])) / h.length
  }
  return h.length === 0 ? 0 : (weight * sum) / h.length
}

/** From dL/dh to dL/dx, through h = tanh(beta x); [rows, bits]. */
export const throughTanh = (dh: Float64Array, h: Float64Array, beta: number): Float32Array =>
  Float32Array.from(dh, (slope, i) => slope * beta * (1 - h[i] * h[i]))
