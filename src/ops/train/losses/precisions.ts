/** Smooth precisions of all anchors of a batch, as loops that threads can share. Threads run it, so it does not import Effect. */
import type { Loop, Team } from "../../workers/loops.ts"
import { everyRow, numbers } from "./every-row.ts"
import { othersOf } from "./others.ts"
import { type Group, gradedPrecision, rankBuffers, smoothPrecision } from "./smooth-rank.ts"

/** The similarities of a batch, [rows, rows]. */
interface Compared {
  readonly S: Float64Array
  readonly rows: number
  readonly temperature: number
}

/** Values that a loop writes for each anchor. */
interface Precisions {
  /** Precision of each anchor, times its weight, [rows]. */
  readonly precisions: Float64Array
  /** Derivative of the sum of the precisions with respect to S, [rows, rows]. */
  readonly slopes: Float64Array
}

/** Precisions of each anchor within its groups, among all images of the batch, the anchor included. */
export const groupedAnchors: Loop<Compared & { readonly groups: ReadonlyArray<ReadonlyArray<Group>> } & Precisions> = {
  name: "grouped precisions",
  rows: ({ groups, precisions, rows, S, slopes, temperature }) => {
    const buffers = rankBuffers(rows)
    return (from, to) => {
      for (let q = from; q < to; q++) {
        const [s, slope] = [S, slopes].map((of) => of.subarray(q * rows, (q + 1) * rows))
        precisions[q] = smoothPrecision(s, groups[q], temperature, buffers, slope)
      }
    }
  }
}

/** What `gradedAnchors` reads besides similarities. */
interface Graded {
  /** Relevance of all pairs, [rows, rows]. */
  readonly relevance: Float64Array
  /** Sum of the relevance of all others for each anchor, [rows]; an anchor with 0 has no precision. */
  readonly totals: Float64Array
  /** Number of anchors with a precision. */
  readonly anchors: number
}

/** Precisions of each anchor under graded relevance, among all other images of the batch. */
export const gradedAnchors: Loop<Compared & Graded & Precisions> = {
  name: "graded precisions",
  rows: ({ anchors, precisions, relevance, rows, S, slopes, temperature, totals }) => {
    const buffers = rankBuffers(rows - 1)
    const [s, r, slope] = [1, 2, 3].map(() => new Float64Array(rows - 1))
    return (from, to) => {
      for (let q = from; q < to; q++) {
        if (totals[q] <= 0) continue
        slope.fill(0)
        const graded = { relevance: othersOf(relevance, rows, q, r), scale: 1 / (anchors * totals[q]) }
        precisions[q] = gradedPrecision(othersOf(S, rows, q, s), graded, temperature, buffers, slope)
        slopes.set(slope.subarray(0, q), q * rows)
        slopes.set(slope.subarray(q), q * rows + q + 1)
      }
    }
  }
}

/**
 * The sum of the precisions of all anchors, in their order, and the derivative of its negative with respect to S: a loss falls
 * as precision rises.
 */
export const everyPrecision = <Data extends Compared>(
  loop: Loop<Data & Precisions>,
  data: Data,
  team: Team | undefined
): { readonly precision: number; readonly dS: Float64Array } => {
  const { rows } = data
  const [precisions, slopes] = [numbers(team, "precisions", rows), numbers(team, "dS", rows * rows)]
  everyRow(team, loop, { ...data, precisions, slopes }, rows)
  for (let at = 0; at < slopes.length; at++) slopes[at] = -slopes[at]
  return { precision: precisions.reduce((sum, one) => sum + one, 0), dS: slopes }
}
