/**
 * Ranks of the images that figures ask about. Only images with scores close to the scores of relevant images are sorted; all
 * others are counted by their scores. Used in worker threads, so it does not import Effect.
 */
import type { Judged } from "../../measure/query-figures.ts"
import { type Exact, settle } from "./near-ties.ts"
import { descending, type Scratch, scratch, scratchBytes } from "./order.ts"

/** What is asked about one row of scores. */
export interface Question {
  /** Label set of each image, [n]. */
  readonly sets: Uint32Array
  /** Verdict of each label set; images with verdict 0 are only counted, and those with equal verdicts may change places. */
  readonly verdicts: Int32Array
  /** Number of first images whose order is asked for. */
  readonly depth: number
  /** Half the difference below which two scores are a near tie, from `tieOf`. */
  readonly tie: number
  /** Whether squares of scores are compared, as for `l2`. */
  readonly squared: boolean
  readonly exact: Exact
}

/** Memory for rows of n scores; the next row can reuse it. */
export interface Room {
  /** Number of images in each bucket. A bucket holds the scores of one of many equal intervals, highest first. */
  readonly counts: Int32Array
  /** Changes of the number of intervals around relevant scores that cover a bucket. */
  readonly changes: Int32Array
  /** Index of the next image of each bucket among the sorted ones; -1 for buckets whose images are only counted. */
  readonly next: Int32Array
  readonly ranks: Int32Array
  readonly images: Int32Array
  readonly scores: Float32Array
  readonly kinds: Int32Array
  readonly sort: Scratch
}

/** Number of buckets for n scores: about one per image, and at most as many as fit the cache of a processor. */
const bucketsFor = (n: number): number => 2 ** Math.min(16, Math.ceil(Math.log2(Math.max(2, n))))

/** Bytes of `roomFor(n)`. */
export const roomBytes = (n: number): number => 12 * (bucketsFor(n) + 1) + 16 * n + scratchBytes(n)

export const roomFor = (n: number): Room => {
  const buckets = bucketsFor(n) + 1
  return {
    counts: new Int32Array(buckets),
    changes: new Int32Array(buckets),
    next: new Int32Array(buckets),
    ranks: new Int32Array(n),
    images: new Int32Array(n),
    scores: new Float32Array(n),
    kinds: new Int32Array(n),
    sort: scratch(n)
  }
}

/** Equal intervals of scores, the highest first. */
interface Buckets {
  readonly most: number
  /** Buckets per unit of score. */
  readonly scale: number
  readonly last: number
}

/** The buckets of a row; undefined if a score is not finite. */
const bucketsOf = (scores: Float32Array, count: number): Buckets | undefined => {
  let least = scores[0]
  let most = least
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]
    if (score < least) least = score
    else if (score > most) most = score
    else if (Number.isNaN(score)) return undefined
  }
  if (!Number.isFinite(least) || !Number.isFinite(most)) return undefined
  return { most, scale: most > least ? (count - 1) / (most - least) : 0, last: count - 1 }
}

/** The bucket of any value; those beyond the scores of the row belong to its first or last bucket. */
const bucketOf = ({ last, most, scale }: Buckets, value: number): number =>
  Math.max(0, Math.min(last, (most - value) * scale)) | 0

/** More than twice a tie, by more than the roundings of the sums with it. */
const SLACK = 1 + 1e-6

/** The greatest value that can be a near tie with a score. */
const above = (score: number, tie: number, squared: boolean): number =>
  squared ? -Math.sqrt(Math.max(0, score * score - 2 * tie * SLACK)) : score + 2 * tie * SLACK

/** The least value that can be a near tie with a score. */
const below = (score: number, tie: number, squared: boolean): number =>
  squared ? -Math.sqrt(score * score + 2 * tie * SLACK) : score - 2 * tie * SLACK

/** Counts the images of each bucket, and marks the buckets in which a near tie with a relevant image can lie. */
const count = (scores: Float32Array, question: Question, buckets: Buckets, { changes, counts }: Room): void => {
  const { sets, squared, tie, verdicts } = question
  const { most, scale } = buckets
  counts.fill(0)
  changes.fill(0)
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]
    counts[((most - score) * scale) | 0]++
    if (verdicts[sets[i]] === 0) continue
    changes[bucketOf(buckets, above(score, tie, squared))]++
    changes[bucketOf(buckets, below(score, tie, squared)) + 1]--
  }
}

/** Marks the buckets of the first images, and those in which a near tie with one of them can lie. */
const markFirst = ({ depth, squared, tie }: Question, buckets: Buckets, { changes, counts }: Room): void => {
  if (depth === 0) return
  let bucket = 0
  for (let sum = counts[0]; sum < depth; sum += counts[++bucket]);
  const least = buckets.scale === 0 ? buckets.most : buckets.most - (bucket + 1) / buckets.scale
  changes[0]++
  changes[Math.min(buckets.last, 1 + bucketOf(buckets, below(least, tie, squared))) + 1]--
}

/** Divides the buckets into those that are sorted and those that are only counted. Returns the number of images to sort. */
const divide = (buckets: Buckets, { changes, counts, next }: Room): number => {
  let [covering, sorted] = [0, 0]
  for (let bucket = 0; bucket <= buckets.last; bucket++) {
    covering += changes[bucket]
    next[bucket] = covering > 0 ? sorted : -1
    if (covering > 0) sorted += counts[bucket]
  }
  return sorted
}

/** Brings the images of the buckets that are sorted together, bucket by bucket. */
const collect = (scores: Float32Array, { most, scale }: Buckets, room: Room): void => {
  const { images, next } = room
  const own = room.scores
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]
    const bucket = ((most - score) * scale) | 0
    const at = next[bucket]
    if (at < 0) continue
    next[bucket] = at + 1
    images[at] = i
    own[at] = score + 0
  }
}

/** Largest bucket that is sorted by insertion. */
const SMALL = 24

/** Sorts the images [from, to) by descending score, ties by ascending position, in which they are given. */
const sortPart = ({ images, scores, sort }: Room, from: number, to: number): void => {
  if (to - from > SMALL) {
    const [own, values] = [images.slice(from, to), scores.slice(from, to)]
    const order = new Int32Array(to - from)
    descending(values, order, scores.subarray(from, to), sort)
    for (let i = 0; i < order.length; i++) images[from + i] = own[order[i]]
    return
  }
  for (let i = from + 1; i < to; i++) {
    const [image, score] = [images[i], scores[i]]
    let at = i
    for (; at > from && scores[at - 1] < score; at--) {
      images[at] = images[at - 1]
      scores[at] = scores[at - 1]
    }
    images[at] = image
    scores[at] = score
  }
}

/** Sorts each bucket, and writes the ranks: images that are only counted come between. */
const sortBuckets = (buckets: Buckets, room: Room): void => {
  const { counts, next, ranks } = room
  let [from, counted] = [0, 0]
  for (let bucket = 0; bucket <= buckets.last; bucket++) {
    const to = next[bucket]
    if (to < 0) {
      counted += counts[bucket]
      continue
    }
    if (to - from > 1) sortPart(room, from, to)
    for (let i = from; i < to; i++) ranks[i] = i + counted
    from = to
  }
}

/**
 * Finds the ranks that a question asks for. They equal the ranks after a sort of the whole row that decides near ties in double
 * precision.
 * The result is valid until `room` is used again.
 *
 * @param scores float32 [n]
 * @returns undefined if a score is not finite
 */
export const judge = (scores: Float32Array, question: Question, room: Room): Judged | undefined => {
  const buckets = bucketsOf(scores, room.counts.length - 1)
  if (buckets === undefined) return undefined
  count(scores, question, buckets, room)
  markFirst(question, buckets, room)
  const sorted = divide(buckets, room)
  collect(scores, buckets, room)
  sortBuckets(buckets, room)
  const { depth, exact, sets, squared, tie, verdicts } = question
  const [images, kinds] = [room.images.subarray(0, sorted), room.kinds.subarray(0, sorted)]
  for (let i = 0; i < sorted; i++) kinds[i] = verdicts[sets[images[i]]]
  settle(images, room.scores.subarray(0, sorted), tie, squared, exact, { kinds, depth })
  return { ranks: room.ranks.subarray(0, sorted), images }
}
