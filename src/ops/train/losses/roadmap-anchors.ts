/** SupAP of ROADMAP, a loop over anchors that threads can share. Threads run it, so it does not import Effect. */
import type { Loop } from "../../workers/loops.ts"
import type { Relation } from "./relations.ts"
import { candidate, type Selected } from "./selection.ts"

/** Difference of similarity from which the bound is a line. */
const DELTA = 0.05

/** Similarities with their derivatives, and the form of the bound. */
interface Bounded {
  readonly S: Float64Array
  readonly dS: Float64Array
  readonly relation: Relation
  /** Receives 1 - SupAP of each anchor, times `scale`, [rows]. */
  readonly losses: Float64Array
  readonly scale: number
  readonly temperature: number
  readonly line: number
}

/**
 * Adds 1 - SupAP of one anchor, times `scale`, and its derivative.
 *
 * @param slopes memory for the derivatives of the bound, [rows]
 */
const precisionLoss = (
  { dS, line, relation: { rows }, S, scale, temperature }: Bounded,
  { anchor, negatives, positives }: Selected,
  slopes: Float64Array
): number => {
  const base = anchor * rows
  let value = 0
  for (const k of positives) {
    let above = 1
    for (const j of positives) if (j !== k && S[base + j] >= S[base + k]) above++
    let wrong = 0
    for (let n = 0; n < negatives.length; n++) {
      // The upper bound of the step: a sigmoid, half a step higher above 0, a line from `DELTA` on.
      const d = S[base + negatives[n]] - S[base + k]
      const g = 1 / (1 + Math.exp(-Math.min(d, DELTA) / temperature))
      wrong += d > DELTA ? line * (d - DELTA) + g + 0.5 : d > 0 ? g + 0.5 : g
      slopes[n] = d > DELTA ? line : (g * (1 - g)) / temperature
    }
    const share = scale / positives.length
    value += (share * wrong) / (above + wrong)
    const outer = (share * above) / (above + wrong) ** 2
    for (let n = 0; n < negatives.length; n++) {
      dS[base + negatives[n]] += outer * slopes[n]
      dS[base + k] -= outer * slopes[n]
    }
  }
  return value
}

/** 1 - SupAP of each anchor that has positives. */
export const boundedAnchors: Loop<Bounded> = {
  name: "bounded precisions",
  rows: (given) => {
    const slopes = new Float64Array(given.relation.rows)
    return (from, to) => {
      for (let q = from; q < to; q++) {
        given.losses[q] = precisionLoss(given, candidate(given.relation, q, "nowhere"), slopes)
      }
    }
  }
}
