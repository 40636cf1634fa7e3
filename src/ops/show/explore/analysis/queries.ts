/** One pass of queries over an archive: average precision, curves, nearest images. Runs in a worker thread. */
import { averagePrecision } from "../../../measure/metrics/average-precision.ts"
import { interpolatedPrecision } from "../../../measure/metrics/precision-recall.ts"
import { defaultThresholds, jaccardDistance, type Level, levels } from "../../../measure/relevance.ts"
import { topOf } from "../../../retrieve/search/top.ts"
import { type Curve, FULL, UNKNOWN } from "../kit/figures.ts"

export interface Labelled {
  readonly count: number
  readonly dim: number
  /** float32 [count, dim], rows of length 1. */
  readonly rows: Float32Array
  readonly classes: number
  /** uint8 [count, classes]. */
  readonly labels: Uint8Array
  /** Number of the split of each image; -1 if it is not known. */
  readonly split: Int8Array
}

/** Nearest images that are listed per image. */
export const NEAREST = 10
/** Steps of a curve. */
const STEPS = 20

export interface Pass {
  readonly classes: ReadonlyArray<number | null>
  readonly curves: ReadonlyArray<Curve>
  readonly ap: Uint8Array
  /** The nearest images of each query, int32 [queries, min(NEAREST, count - 1)]. */
  readonly nearest: Int32Array
}

/** Inner products of row `query` with all rows. */
export const productsWith = ({ count, dim, rows }: Labelled, query: number, into: Float32Array): void => {
  const own = rows.subarray(query * dim, (query + 1) * dim)
  for (let row = 0, at = 0; row < count; row++, at += dim) {
    let [a, b, c, d] = [0, 0, 0, 0]
    let k = 0
    for (; k + 3 < dim; k += 4) {
      a += own[k] * rows[at + k]
      b += own[k + 1] * rows[at + k + 1]
      c += own[k + 2] * rows[at + k + 2]
      d += own[k + 3] * rows[at + k + 3]
    }
    for (; k < dim; k++) a += own[k] * rows[at + k]
    into[row] = a + b + c + d
  }
}

/** 0-based ranks, ascending, of images among all others, by the scores of all others in ascending order. */
const ranksOf = (ascending: Float32Array, scores: Float32Array, images: ReadonlyArray<number>): Int32Array => {
  const ranks = Int32Array.from(images, (image) => {
    // Images with a higher score come before.
    let [low, high] = [0, ascending.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (ascending[middle] <= scores[image]) low = middle + 1
      else high = middle
    }
    return ascending.length - low
  }).sort()
  // Images of one score share a rank; ranks of relevant images differ.
  for (let i = 1; i < ranks.length; i++) if (ranks[i] <= ranks[i - 1]) ranks[i] = ranks[i - 1] + 1
  return ranks
}

/** Interpolated precision at each recall, [STEPS + 1]. */
export const interpolated = (ranks: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: STEPS + 1 }, (_, s) => interpolatedPrecision(ranks, s / STEPS))

interface Sums {
  readonly curve: Float64Array
  ap: number
  queries: number
}

const distanceOf = ({ classes, labels }: Labelled, a: number, b: number): number => {
  let [shared, all] = [0, 0]
  for (let c = 0; c < classes; c++) {
    const [x, y] = [labels[a * classes + c], labels[b * classes + c]]
    shared += x & y
    all += x | y
  }
  return jaccardDistance(shared, all)
}

/**
 * Searches with each query among all other images.
 *
 * @param queries numbers of the images that are queries
 */
export const passOf = (all: Labelled, queries: Int32Array): Pass => {
  const { classes, count, labels } = all
  const ap = new Uint8Array(count).fill(UNKNOWN)
  const sums = new Map<Level, Sums>(
    levels.map((level) => [level, { curve: new Float64Array(STEPS + 1), ap: 0, queries: 0 }])
  )
  const classSums = Float64Array.from({ length: classes }, () => 0)
  const classQueries = new Int32Array(classes)
  const each = Math.min(NEAREST, count - 1)
  const nearest = new Int32Array(queries.length * each)
  const scores = new Float32Array(count)

  const measure = (query: number, ascending: Float32Array) => {
    const relevant: Record<Level, Array<number>> = { easy: [], medium: [], hard: [] }
    const having: ReadonlyArray<Array<number>> = Array.from({ length: classes }, () => [])
    for (let other = 0; other < count; other++) {
      if (other === query) continue
      const distance = distanceOf(all, query, other)
      for (const level of levels) if (distance <= defaultThresholds[level]) relevant[level].push(other)
      for (let c = 0; c < classes; c++)
        if (labels[query * classes + c] === 1 && labels[other * classes + c] === 1) having[c].push(other)
    }
    for (const level of levels) {
      const ranks = ranksOf(ascending, scores, relevant[level])
      const value = averagePrecision(ranks, ranks.length)
      const sum = sums.get(level)
      if (value === null || sum === undefined) continue
      sum.ap += value
      sum.queries++
      interpolated(ranks).forEach((precision, s) => {
        sum.curve[s] += precision
      })
      if (level === "hard") ap[query] = Math.round(value * FULL)
    }
    having.forEach((images, c) => {
      const value = images.length === 0 ? null : averagePrecision(ranksOf(ascending, scores, images), images.length)
      if (value === null) return
      classSums[c] += value
      classQueries[c]++
    })
  }

  queries.forEach((query, i) => {
    productsWith(all, query, scores)
    scores[query] = Number.NEGATIVE_INFINITY
    nearest.set(topOf(scores, each), i * each)
    if (classes > 0) measure(query, scores.slice().sort().subarray(1))
  })
  return {
    ap,
    classes: Array.from(classSums, (sum, c) => (classQueries[c] === 0 ? null : sum / classQueries[c])),
    curves: levels.map((level): Curve => {
      const { ap: sum, curve, queries: n } = sums.get(level) as Sums
      return {
        level,
        precision: Array.from(curve, (one) => (n === 0 ? 0 : one / n)),
        mean: n === 0 ? 0 : sum / n,
        queries: n
      }
    }),
    nearest
  }
}
