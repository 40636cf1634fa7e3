/** One pass of queries over an archive: average precision, curves, nearest pairs, doubtful labels. Runs in a worker thread. */
import { averagePrecision } from "../../../measure/metrics/average-precision.ts"
import { interpolatedPrecision } from "../../../measure/metrics/precision-recall.ts"
import { defaultThresholds, jaccardDistance, type Level, levels } from "../../../measure/relevance.ts"
import { topOf } from "../../../retrieve/search/top.ts"
import { type Curve, type Doubt, FULL, type Pair, UNKNOWN } from "../kit/figures.ts"

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

/** Nearest images that vote on a label. */
const VOTERS = 10
/** Share of the voters that must contradict a label. */
const DOUBTFUL = 0.8
/** Longest list of pairs or doubts. */
const LISTED = 120
/** Steps of a curve. */
const STEPS = 20

export interface Pass {
  readonly classes: ReadonlyArray<number | null>
  readonly curves: ReadonlyArray<Curve>
  readonly ap: Uint8Array
  readonly pairs: ReadonlyArray<Pair>
  readonly across: ReadonlyArray<Pair>
  readonly doubts: ReadonlyArray<Doubt>
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

/** Keeps the best pairs, each once. */
const keeping = () => {
  const best: Array<Pair> = []
  const seen = new Set<string>()
  const add = (a: number, b: number, cosine: number) => {
    const last = best[LISTED - 1]
    if (last !== undefined && cosine <= last[2]) return
    const key = a < b ? `${a},${b}` : `${b},${a}`
    if (seen.has(key)) return
    seen.add(key)
    best.push(a < b ? [a, b, cosine] : [b, a, cosine])
    best.sort((x, y) => y[2] - x[2] || x[0] - y[0] || x[1] - y[1])
    best.length = Math.min(best.length, LISTED)
  }
  return { best, add }
}

/** Labels of an image that its nearest images contradict. */
const doubtsOf = ({ classes, labels }: Labelled, image: number, nearest: Int32Array): ReadonlyArray<Doubt> => {
  const doubts: Array<Doubt> = []
  for (let label = 0; label < classes && nearest.length === VOTERS; label++) {
    const having = nearest.reduce((sum, other) => sum + labels[other * classes + label], 0)
    const share = having / VOTERS
    const has = labels[image * classes + label] === 1
    if ((has ? 1 - share : share) >= DOUBTFUL) doubts.push({ image, label, has, share })
  }
  return doubts
}

const certainty = ({ has, share }: Doubt): number => (has ? 1 - share : share)

/**
 * Searches with each query among all other images.
 *
 * @param queries numbers of the images that are queries
 */
export const passOf = (all: Labelled, queries: Int32Array): Pass => {
  const { classes, count, labels, split } = all
  const ap = new Uint8Array(count).fill(UNKNOWN)
  const sums = new Map<Level, Sums>(
    levels.map((level) => [level, { curve: new Float64Array(STEPS + 1), ap: 0, queries: 0 }])
  )
  const classSums = Float64Array.from({ length: classes }, () => 0)
  const classQueries = new Int32Array(classes)
  const [near, across] = [keeping(), keeping()]
  const doubts: Array<Doubt> = []
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

  for (const query of queries) {
    productsWith(all, query, scores)
    scores[query] = Number.NEGATIVE_INFINITY
    const ascending = scores.slice().sort().subarray(1)
    if (classes > 0) measure(query, ascending)
    const nearest = topOf(scores, Math.min(VOTERS, count - 1))
    for (const other of nearest.subarray(0, 3)) near.add(query, other, scores[other])
    doubts.push(...doubtsOf(all, query, nearest))
    let other = -1
    for (let image = 0; image < count; image++) {
      if (split[image] < 0 || split[query] < 0 || split[image] === split[query]) continue
      if (other < 0 || scores[image] > scores[other]) other = image
    }
    if (other >= 0) across.add(query, other, scores[other])
  }
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
    pairs: near.best,
    across: across.best,
    doubts: doubts
      .sort((a, b) => certainty(b) - certainty(a) || a.image - b.image || a.label - b.label)
      .slice(0, LISTED)
  }
}
