/**
 * Ranks of the images that figures ask about. Relevant images are sorted; all others are only counted between them, except for
 * near ties of relevant images and the first images of the row. Used in worker threads, so it does not import Effect.
 */
import type { Judged } from "../../measure/query-figures.ts"
import type { Members } from "./members.ts"
import { comparable, type Exact, settle } from "./near-ties.ts"
import { descending, type Scratch, scratch, scratchBytes } from "./order.ts"

/** What is asked about one row of scores. */
export interface Question {
  readonly members: Members
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

/** Images with their scores. */
interface Scored {
  readonly images: Int32Array
  readonly scores: Float32Array
}

/** Memory for rows of n scores; the next row can reuse it. */
export interface Room {
  /**
   * For each bucket, twice the number of relevant images in the buckets before it, plus 1 if images of the bucket may be near ties
   * of relevant ones, or among the first. A bucket is one of many equal intervals of scores.
   */
  readonly table: Int32Array
  /** Relevant images by descending score. */
  readonly relevant: Scored
  /** Values of their scores, between an infinite one and a negative infinite one. */
  readonly values: Float64Array
  /** Number of images that are only counted, by the number of relevant images with a higher score. */
  readonly counted: Int32Array
  /** Images of buckets that may hold near ties. */
  readonly listed: Int32Array
  /** Other images whose order matters, by descending score. */
  readonly near: Scored
  /** For each collected image, in the order of `given`: number of first elements of `counted` whose images rank above it. */
  readonly gaps: Int32Array
  /** Images that are to be sorted. */
  readonly given: Scored
  readonly order: Int32Array
  readonly sort: Scratch
  /** The result, with a kind and a rank for each image. */
  readonly found: Scored
  readonly kinds: Int32Array
  readonly ranks: Int32Array
}

/** Number of buckets for n scores: about one per image, and at most as many as fit the cache of a processor. */
const bucketsFor = (n: number): number => 2 ** Math.min(16, Math.ceil(Math.log2(Math.max(2, n))))

/** Bytes per image of `roomFor`, without the memory of its sort. */
const IMAGE_BYTES = 4 * 8 + 8 + 6 * 4

/** Bytes of `roomFor(n)`. */
export const roomBytes = (n: number): number => 4 * (bucketsFor(n) + 1) + IMAGE_BYTES * n + scratchBytes(n)

const scoredRoom = (n: number): Scored => ({ images: new Int32Array(n), scores: new Float32Array(n) })

export const roomFor = (n: number): Room => ({
  table: new Int32Array(bucketsFor(n) + 1),
  relevant: scoredRoom(n),
  values: new Float64Array(n + 2),
  counted: new Int32Array(n + 1),
  listed: new Int32Array(n),
  near: scoredRoom(n),
  gaps: new Int32Array(n),
  given: scoredRoom(n),
  order: new Int32Array(n),
  sort: scratch(n),
  found: scoredRoom(n),
  kinds: new Int32Array(n),
  ranks: new Int32Array(n)
})

/** The range of a row of scores. */
interface Range {
  readonly least: number
  readonly most: number
  /** The k-th highest score. */
  readonly kth: number
}

/** Replaces the least of some scores, a heap whose least score is its first. */
const replaceLeast = (heap: Float32Array, score: number): void => {
  let at = 0
  for (let next = 1; next < heap.length; next = 2 * at + 1) {
    if (next + 1 < heap.length && heap[next + 1] < heap[next]) next++
    if (heap[next] >= score) break
    heap[at] = heap[next]
    at = next
  }
  heap[at] = score
}

/** The range of a row; undefined if a score is not finite. */
const rangeOf = (scores: Float32Array, k: number): Range | undefined => {
  const heap = scores.slice(0, k).sort()
  let [least, kth, most] = [heap[0], heap[0], heap[k - 1]]
  for (let i = k; i < scores.length; i++) {
    const score = scores[i]
    // NaN is not at least anything.
    if (!(score >= least)) {
      if (Number.isNaN(score)) return undefined
      least = score
    } else if (score > kth) {
      if (score > most) most = score
      replaceLeast(heap, score)
      kth = heap[0]
    }
  }
  return Number.isFinite(least) && Number.isFinite(most) ? { least, most, kth } : undefined
}

/** Equal intervals of scores, the highest first. */
interface Buckets {
  readonly most: number
  /** Buckets per unit of score. */
  readonly scale: number
  readonly last: number
}

const bucketsOf = ({ least, most }: Range, { table }: Room): Buckets => {
  const last = table.length - 2
  return { most, scale: most > least ? last / (most - least) : 0, last }
}

/** The bucket of any value; those beyond the scores of the row belong to its first or last bucket. */
const bucketOf = ({ last, most, scale }: Buckets, value: number): number =>
  Math.max(0, Math.min(last, (most - value) * scale)) | 0

/** More than twice a tie, by more than the roundings of the sums with it. */
const windowOf = (tie: number): number => 2 * tie * (1 + 1e-6)

/** The greatest score that can be a near tie with a score. */
const above = (score: number, { squared, tie }: Question): number =>
  squared ? -Math.sqrt(Math.max(0, score * score - windowOf(tie))) : score + windowOf(tie)

/** The least score that can be a near tie with a score. */
const below = (score: number, { squared, tie }: Question): number =>
  squared ? -Math.sqrt(score * score + windowOf(tie)) : score - windowOf(tie)

/** Sorts the first images of `given` by descending score. */
const sortGiven = ({ given, order, sort }: Room, count: number, into: Scored): void => {
  const own = order.subarray(0, count)
  descending(given.scores.subarray(0, count), own, into.scores.subarray(0, count), sort)
  for (let i = 0; i < count; i++) into.images[i] = given.images[own[i]]
}

/** Sorts the relevant images. Returns their number. */
const sortRelevant = (scores: Float32Array, { members, squared, verdicts }: Question, room: Room): number => {
  const { given, relevant, values } = room
  const { images, starts } = members
  let count = 0
  for (let set = 0; set < verdicts.length; set++) {
    if (verdicts[set] === 0) continue
    for (let at = starts[set]; at < starts[set + 1]; at++) {
      given.images[count] = images[at]
      given.scores[count++] = scores[images[at]]
    }
  }
  sortGiven(room, count, relevant)
  values[0] = Number.POSITIVE_INFINITY
  for (let i = 0; i < count; i++) {
    values[i + 1] = comparable(relevant.scores[i], squared)
  }
  values[count + 1] = Number.NEGATIVE_INFINITY
  return count
}

/**
 * Writes the table of buckets.
 *
 * @param floor the least score among the first images and their near ties
 */
const index = (question: Question, buckets: Buckets, floor: number, { relevant, table }: Room, count: number): void => {
  let bucket = 0
  for (let i = 0; i < count; i++) {
    const own = bucketOf(buckets, relevant.scores[i])
    while (bucket <= own) table[bucket++] = 2 * i
  }
  table.fill(2 * count, bucket)
  let next = 0
  const mark = (first: number, last: number) => {
    next = Math.max(next, first)
    while (next <= last) table[next++] |= 1
  }
  if (question.depth > 0) mark(0, bucketOf(buckets, floor))
  for (let i = 0; i < count; i++) {
    const score = relevant.scores[i]
    mark(bucketOf(buckets, above(score, question)), bucketOf(buckets, below(score, question)))
  }
}

/** Largest number of relevant images that are compared one by one; more are halved first. */
const FEW = 16

/**
 * Number of scores above `score`. Scores descend; those before `from` are known to be above, those from `to` on are known not to be.
 */
const greater = (scores: Float32Array, score: number, from: number, to: number): number => {
  let [low, high] = [from, to]
  while (high - low > FEW) {
    const middle = (low + high) >> 1
    if (scores[middle] > score) low = middle + 1
    else high = middle
  }
  while (low < high && scores[low] > score) low++
  return low
}

/** Counts the images in each gap between relevant images. Lists the images of marked buckets, and returns how many it lists. */
const countGaps = (scores: Float32Array, { most, scale }: Buckets, { counted, listed, table }: Room): number => {
  let found = 0
  for (let i = 0; i < scores.length; i++) {
    const entry = table[((most - scores[i]) * scale) | 0]
    counted[entry >> 1]++
    // Without a branch, which a processor could not foresee.
    listed[found] = i
    found += entry & 1
  }
  return found
}

/**
 * Collects the listed images whose order matters: near ties of relevant images, and images from the score `floor` on. All others
 * are counted in their own gaps. In a gap between two relevant images, near ties of the upper one come before all images that are
 * only counted, and near ties of the lower one after them. Returns the number of collected images.
 */
const collect = (
  scores: Float32Array,
  question: Question,
  buckets: Buckets,
  floor: number,
  room: Room,
  many: number
) => {
  const { members, squared, tie, verdicts } = question
  const { counted, gaps, given, listed, relevant, table, values } = room
  const { most, scale } = buckets
  const window = windowOf(tie)
  let found = 0
  for (let k = 0; k < many; k++) {
    const image = listed[k]
    const score = scores[image]
    const bucket = ((most - score) * scale) | 0
    const before = table[bucket] >> 1
    const gap = greater(relevant.scores, score, before, table[bucket + 1] >> 1)
    counted[before]--
    const value = comparable(score, squared)
    const nearLower = value - values[gap + 1] <= window
    if (!nearLower && values[gap] - value > window && score < floor) counted[gap]++
    else if (verdicts[members.of[image]] === 0) {
      given.images[found] = image
      given.scores[found] = score
      gaps[found++] = score >= floor ? 0 : gap + (nearLower ? 1 : 0)
    }
  }
  return found
}

/** Brings relevant images and the others whose order matters together, by descending score, and writes their ranks. */
const join = ({ counted, found, gaps, near, order, ranks, relevant }: Room, count: number, others: number): void => {
  let [own, other, gap, sum] = [0, 0, 0, 0]
  for (let i = 0; i < count + others; i++) {
    const isRelevant = other === others || (own < count && relevant.scores[own] >= near.scores[other])
    const { images, scores } = isRelevant ? relevant : near
    const at = isRelevant ? own++ : other++
    found.images[i] = images[at]
    found.scores[i] = scores[at]
    const passed = isRelevant ? own : gaps[order[at]]
    while (gap < passed) sum += counted[gap++]
    ranks[i] = i + sum
  }
}

/**
 * Finds the ranks that a question asks for. They equal the ranks after a sort of the whole row that decides near ties in double
 * precision. The ranks of images with verdict 0 that are not among the first may be too low.
 * The result is valid until `room` is used again.
 *
 * @param scores float32 [n]
 * @returns undefined if a score is not finite
 */
export const judge = (scores: Float32Array, question: Question, room: Room): Judged | undefined => {
  const range = rangeOf(scores, Math.max(1, question.depth))
  if (range === undefined) return undefined
  const floor = question.depth === 0 ? Number.POSITIVE_INFINITY : below(range.kth, question)
  const buckets = bucketsOf(range, room)
  const count = sortRelevant(scores, question, room)
  index(question, buckets, floor, room, count)
  room.counted.fill(0, 0, count + 1)
  const listed = countGaps(scores, buckets, room)
  const others = collect(scores, question, buckets, floor, room, listed)
  sortGiven(room, others, room.near)
  join(room, count, others)
  const { depth, exact, members, squared, tie, verdicts } = question
  const [images, kinds] = [room.found.images.subarray(0, count + others), room.kinds.subarray(0, count + others)]
  for (let i = 0; i < images.length; i++) kinds[i] = verdicts[members.of[images[i]]]
  settle(images, room.found.scores.subarray(0, images.length), tie, squared, exact, { kinds, depth })
  return { ranks: room.ranks.subarray(0, images.length), images }
}
