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
    const [from, to] = [i * rows, (i + 1) * rows]
    const most = mostOfOthers(S, rows, i)
    let sum = 0
    for (let at = from; at < to; at++) {
      if (at - from === i) continue
      dS[at] = Math.exp((S[at] - most) / temperature)
      sum += dS[at]
    }
    const log = most / temperature + Math.log(sum)
    for (let at = from; at < to; at++) {
      if (at - from === i) continue
      if (weights[at] !== 0) value += weights[at] * (log - S[at] / temperature)
      dS[at] = ((total * dS[at]) / sum - weights[at]) / temperature
    }
  }
  return { value, dS }
}

/** The largest S_ia with a != i, and a weight above 0 if there are weights; minus infinity without any. */
export const mostOfOthers = (S: Float64Array, rows: number, i: number, weights?: Float64Array): number => {
  const base = i * rows
  let most = Number.NEGATIVE_INFINITY
  for (let a = 0; a < rows; a++) {
    if (a !== i && (weights === undefined || weights[base + a] > 0)) most = Math.max(most, S[base + a])
  }
  return most
}
