/** Cross-entropy between weights of pairs and the softmax of their similarities: the core of contrastive losses. */
import { totalOfOthers } from "./others.ts"

/**
 * Sum over anchors i and others p of -w_ip log(exp(s_ip / t) / sum over a != i of exp(s_ia / t)).
 *
 * @param S similarities [anchors, rows]
 * @param weights [anchors, rows], at least 0; the diagonal does not count
 * @returns the sum and its derivative with respect to S
 */
export const weightedLogSoftmax = (
  S: Float64Array,
  weights: Float64Array,
  rows: number,
  temperature: number,
  anchors = rows
): { readonly value: number; readonly dS: Float64Array } => {
  const dS = new Float64Array(anchors * rows)
  let value = 0
  for (let i = 0; i < anchors; i++) {
    const total = totalOfOthers(weights, rows, i)
    // Not `total === 0`: NaN must stay NaN.
    if (total <= 0) continue
    const log = logSumOfOthers(S, rows, i, temperature)
    for (let p = 0; p < rows; p++) {
      if (p === i) continue
      const [weight, s] = [weights[i * rows + p], S[i * rows + p] / temperature]
      if (weight !== 0) value += weight * (log - s)
      dS[i * rows + p] = (total * Math.exp(s - log) - weight) / temperature
    }
  }
  return { value, dS }
}

/**
 * log of the sum over a != i of w_ia exp(S_ia / t); minus infinity without any.
 *
 * @param weights [anchors, rows]; all 1 where it is not given
 */
export const logSumOfOthers = (
  S: Float64Array,
  rows: number,
  i: number,
  temperature: number,
  weights?: Float64Array
): number => {
  let most = Number.NEGATIVE_INFINITY
  const weightOf = (a: number) => (a === i ? 0 : (weights?.[i * rows + a] ?? 1))
  for (let a = 0; a < rows; a++) if (weightOf(a) > 0) most = Math.max(most, S[i * rows + a])
  if (most === Number.NEGATIVE_INFINITY) return most
  let sum = 0
  for (let a = 0; a < rows; a++) {
    if (weightOf(a) > 0) sum += weightOf(a) * Math.exp((S[i * rows + a] - most) / temperature)
  }
  return most / temperature + Math.log(sum)
}
