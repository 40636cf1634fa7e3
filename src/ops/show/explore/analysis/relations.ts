/** What the nearest images say about an archive: duplicates, pairs across splits, doubtful labels. Runs in a worker thread. */
import type { Doubt, Pair } from "../kit/figures.ts"
import { type Neighbours, nearestOf } from "./neighbours.ts"
import { type Labelled, NEAREST } from "./queries.ts"

/** Share of the nearest images that must contradict a label. */
const DOUBTFUL = 0.8
/** Longest list of pairs or doubts. */
const LISTED = 120
/** Nearest images with which an image may be a pair. */
const PAIRED = 3

export interface Relations {
  readonly pairs: ReadonlyArray<Pair>
  readonly across: ReadonlyArray<Pair>
  readonly doubts: ReadonlyArray<Doubt>
  /** Share of the ten nearest images by plain search that are among the nearest here; 1 if all are compared with all. */
  readonly recall: number
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
const doubtsOf = (
  { classes, labels }: Labelled,
  image: number,
  nearest: ReadonlyArray<number>
): ReadonlyArray<Doubt> => {
  const doubts: Array<Doubt> = []
  for (let label = 0; label < classes && nearest.length === NEAREST; label++) {
    let having = 0
    for (const other of nearest) having += labels[other * classes + label]
    const share = having / NEAREST
    const has = labels[image * classes + label] === 1
    if ((has ? 1 - share : share) >= DOUBTFUL) doubts.push({ image, label, has, share })
  }
  return doubts
}

const certainty = ({ has, share }: Doubt): number => (has ? 1 - share : share)
const surest = (doubts: ReadonlyArray<Doubt>): Array<Doubt> =>
  doubts.toSorted((a, b) => certainty(b) - certainty(a) || a.image - b.image || a.label - b.label).slice(0, LISTED)

/** Share of exact neighbours that were found. */
const recallOf = (neighbours: Neighbours, queries: Int32Array, exact: Int32Array): number => {
  if (neighbours.groups === 1 || exact.length === 0) return 1
  const each = exact.length / queries.length
  let found = 0
  queries.forEach((query, i) => {
    const here = new Set(nearestOf(neighbours, query).map(([image]) => image))
    for (const image of exact.subarray(i * each, (i + 1) * each)) if (here.has(image)) found++
  })
  return found / exact.length
}

/**
 * Lists what the nearest images of all images say.
 *
 * @param exact the nearest images of `queries` by plain search, int32 [queries, n]
 */
export const relationsOf = (
  all: Labelled,
  neighbours: Neighbours,
  queries: Int32Array,
  exact: Int32Array
): Relations => {
  const [near, across] = [keeping(), keeping()]
  const { other, otherCosine } = neighbours
  let doubts: Array<Doubt> = []
  for (let image = 0; image < all.count; image++) {
    const nearest = nearestOf(neighbours, image)
    for (const [one, cosine] of nearest.slice(0, PAIRED)) near.add(image, one, cosine)
    const images = nearest.map(([one]) => one)
    doubts.push(...doubtsOf(all, image, images))
    // Bounds the list; an archive with many wrong labels would hold millions.
    if (doubts.length > 50 * LISTED) doubts = surest(doubts)
    if (other[image] >= 0) across.add(image, other[image], otherCosine[image])
  }
  return {
    ...{ pairs: near.best, across: across.best, doubts: surest(doubts) },
    recall: recallOf(neighbours, queries, exact)
  }
}
