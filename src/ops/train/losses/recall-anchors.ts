/** Smooth recalls, a loop over anchors that threads can share. Threads run it, so it does not import Effect. */
import { sigmoid } from "../../logistic.ts"
import type { Loop } from "../../workers/loops.ts"
import type { Relation } from "./relations.ts"
import { candidate, type Selected } from "./selection.ts"

/** Similarities with their derivatives, and the form of the recall. */
interface Recalled {
  readonly S: Float64Array
  readonly dS: Float64Array
  readonly relation: Relation
  /** Receives the recall of each positive of each anchor, times its weight, [rows, rows]. */
  readonly recalls: Float64Array
  /** Number of anchors with positives. */
  readonly anchors: number
  readonly ks: ReadonlyArray<number>
  readonly temperature: number
  readonly rankTemperature: number
}

/** The mean over ks of a smooth "rank is at most k", and its derivative. */
const smoothRecall = (rank: number, ks: ReadonlyArray<number>, temperature: number) => {
  let [value, slope] = [0, 0]
  for (const k of ks) {
    const g = sigmoid((k - rank) / temperature)
    value += g / ks.length
    slope -= (g * (1 - g)) / temperature / ks.length
  }
  return { value, slope }
}

/** @param steps memory for comparisons with all other images, [rows] */
const recallOf = (given: Recalled, { anchor, negatives, positives }: Selected, steps: Float64Array): void => {
  const { anchors, dS, ks, rankTemperature, recalls, relation, S, temperature } = given
  const base = anchor * relation.rows
  const all = Int32Array.from([...positives, ...negatives])
  const share = 1 / (anchors * positives.length)
  for (const p of positives) {
    let above = 0
    for (let i = 0; i < all.length; i++) {
      steps[i] = all[i] === p ? 0 : sigmoid((S[base + all[i]] - S[base + p]) / temperature)
      above += steps[i]
    }
    const { slope, value } = smoothRecall(1 + above, ks, rankTemperature)
    recalls[base + p] = share * value
    for (let i = 0; i < all.length; i++) {
      const moved = (share * slope * steps[i] * (1 - steps[i])) / temperature
      dS[base + all[i]] -= moved
      dS[base + p] += moved
    }
  }
}

/** Recalls of the positives of each anchor. */
export const recallAnchors: Loop<Recalled> = {
  name: "recalls",
  rows: (given) => {
    const steps = new Float64Array(given.relation.rows)
    return (from, to) => {
      for (let q = from; q < to; q++) recallOf(given, candidate(given.relation, q, "nowhere"), steps)
    }
  }
}
