/**
 * Similarity of label sets. Every metric depends only on the sizes of their intersection and union, so a pair of sets is stored
 * as the number of that pair of sizes, its code: one byte for up to 21 classes.
 */
import type { LabelSets } from "./label-sets.ts"
import { popcount } from "./popcount.ts"

/** Largest Jaccard distance of a relevant image, by level. */
export interface Thresholds {
  readonly easy: number
  readonly medium: number
  readonly hard: number
}
export type Level = keyof Thresholds
export const levels: ReadonlyArray<Level> = ["easy", "medium", "hard"]

export const defaultThresholds: Thresholds = { easy: 0.6, medium: 0.4, hard: 0.2 }

/**
 * The level with the smallest threshold; of equal ones the hardest.
 *
 * @example
 * strictest({ easy: 0.1, medium: 0.4, hard: 0.2 }) // => "easy"
 */
export const strictest = (thresholds: Thresholds): Level =>
  [...levels].reverse().reduce((best, level) => (thresholds[level] < thresholds[best] ? level : best))

/**
 * Jaccard distance (Jaccard 1901) from the sizes of intersection and union, as one division of integers: differences of
 * rounded quotients would move pairs that lie exactly on a threshold above it. Two empty sets have distance 0.
 *
 * @example
 * jaccardDistance(2, 5) // => 0.6
 */
export const jaccardDistance = (intersection: number, union: number): number =>
  union === 0 ? 0 : (union - intersection) / union

/** The values of each code; every array is [codes]. */
export interface Codebook {
  readonly distance: Float64Array
  /** Number of labels in common. */
  readonly shared: Uint16Array
  /** Jaccard similarity: graded relevance, from 0 to 1. */
  readonly similarity: Float64Array
}

const code = (intersection: number, union: number): number => (union * (union + 1)) / 2 + intersection

/** The codebook of all pairs of sizes that sets of up to `classes` labels can have. */
export const codebook = (classes: number): Codebook => {
  const codes = ((classes + 1) * (classes + 2)) / 2
  const distance = new Float64Array(codes)
  const shared = new Uint16Array(codes)
  const similarity = new Float64Array(codes)
  for (let union = 0; union <= classes; union++) {
    for (let intersection = 0; intersection <= union; intersection++) {
      distance[code(intersection, union)] = jaccardDistance(intersection, union)
      shared[code(intersection, union)] = intersection
      similarity[code(intersection, union)] = union === 0 ? 1 : intersection / union
    }
  }
  return { distance, shared, similarity }
}

export type Codes = Uint8Array | Uint16Array | Uint32Array

/**
 * One row of the table of pairs: the codes of one set with every set, [count]. Rows are made when a query needs them, in
 * microseconds, because the whole table grows with the square of the number of sets.
 */
export const codesWith = (sets: LabelSets, set: number): Codes => {
  const { bits, classes, count, sizes, words } = sets
  const codes = ((classes + 1) * (classes + 2)) / 2
  const row =
    codes <= 0x100 ? new Uint8Array(count) : codes <= 0x1_0000 ? new Uint16Array(count) : new Uint32Array(count)
  for (let other = 0; other < count; other++) {
    let intersection = 0
    for (let w = 0; w < words; w++) intersection += popcount(bits[set * words + w] & bits[other * words + w])
    row[other] = code(intersection, sizes[set] + sizes[other] - intersection)
  }
  return row
}

/** For each code, 1 if its distance is at most the threshold, compared as doubles; else 0. */
export const relevantCodes = ({ distance }: Codebook, threshold: number): Uint8Array =>
  Uint8Array.from(distance, (d) => (d <= threshold ? 1 : 0))

/**
 * Label similarity, 1 - Jaccard distance, of two multi-hot vectors: 1 for equal sets, 0 for disjoint ones.
 *
 * @example
 * labelSimilarity(Uint8Array.of(1, 1, 0), Uint8Array.of(1, 0, 0)) // => 0.5
 */
export const labelSimilarity = (a: Uint8Array, b: Uint8Array): number => {
  let intersection = 0
  let union = 0
  for (let c = 0; c < a.length; c++) {
    if (a[c] !== 0 && b[c] !== 0) intersection++
    if (a[c] !== 0 || b[c] !== 0) union++
  }
  return union === 0 ? 1 : intersection / union
}
