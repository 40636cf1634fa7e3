/**
 * The nearest images of every image. Comparing all with all takes hours at 590,000 images, so a larger archive is divided into
 * groups around centres (inverted lists; Sivic and Zisserman 2003), and each image is compared with the members of the nearest
 * groups alone. Runs in worker threads.
 */
import { random } from "../../../../pipeline/random.ts"
import { topOf } from "../../../retrieve/search/top.ts"
import { coded, cosines, type Vectors } from "../kit/vectors.ts"
import type { Labelled } from "./queries.ts"

/** Mean members of a group, and most members that an image is compared with in one group. */
const [EACH, LARGEST] = [2_000, 4_096]
/** Groups whose members an image is compared with. */
export const VISITED = 3
/** Nearest images that are kept, and candidates by int8 among which they are found by float32. */
export const [NEAREST, CANDIDATES] = [10, 16] as const
/** Rounds of k-means, and images per centre that it sees. */
const [ROUNDS, SAMPLE] = [4, 32]

/** What the threads fill in; all of it lies in shared memory. */
export interface Neighbours {
  readonly groups: number
  /** Groups that each image visits. */
  readonly visits: number
  /** int32 [count, visits], the nearest group first, and the cosines with their centres. */
  readonly group: Int32Array
  readonly score: Float32Array
  /** int32 [count, visits, NEAREST], -1 where there are fewer, and their cosines. */
  readonly near: Int32Array
  readonly cosine: Float32Array
  /** int32 [count, visits]: the nearest image of another split, -1 if there is none, and its cosine. */
  readonly other: Int32Array
  readonly otherCosine: Float32Array
}

const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length)).fill(-1)
const float32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length))

/**
 * Memory for the neighbours of an archive.
 *
 * @param each mean members of a group
 */
export const neighboursFor = (count: number, largest = LARGEST, each = EACH): Neighbours => {
  const groups = count <= largest ? 1 : Math.ceil(count / each)
  const visits = Math.min(groups, VISITED)
  const all = count * visits
  return {
    ...{ groups, visits, group: int32(all), score: float32(all), other: int32(all), otherCosine: float32(all) },
    ...{ near: int32(all * NEAREST), cosine: float32(all * NEAREST) }
  }
}

const rowOf = ({ dim, rows }: Labelled, image: number): Float64Array =>
  Float64Array.from(rows.subarray(image * dim, (image + 1) * dim))

/** Rows as int8, for products by SIMD. */
const packed = (rows: Float32Array, dim: number): Vectors => {
  const count = rows.length / dim
  return { count, dim, coding: "int8", pieces: [{ rows: count, values: coded(rows, dim, "int8") }] }
}

const gathered = ({ dim, rows }: Labelled, images: ArrayLike<number>): Float32Array => {
  const out = new Float32Array(images.length * dim)
  for (let i = 0; i < images.length; i++) out.set(rows.subarray(images[i] * dim, (images[i] + 1) * dim), i * dim)
  return out
}

/** Centres of length 1, float32 [groups, dim]: spherical k-means (Dhillon and Modha 2001) on drawn images. */
export const centresOf = (all: Labelled, groups: number, seed: number): Float32Array => {
  const { count, dim } = all
  const order = random(seed, 0, 0, "groups").permutation(count)
  const sample = order.subarray(0, Math.min(count, groups * SAMPLE))
  let centres = gathered(all, sample.subarray(0, groups))
  for (let round = 0; round < ROUNDS; round++) {
    const packedCentres = packed(centres, dim)
    const sums = new Float64Array(groups * dim)
    for (const image of sample) {
      const row = rowOf(all, image)
      const [group] = topOf(cosines(packedCentres, row), 1)
      for (let k = 0; k < dim; k++) sums[group * dim + k] += row[k]
    }
    const next = new Float32Array(groups * dim)
    for (let group = 0; group < groups; group++) {
      const sum = sums.subarray(group * dim, (group + 1) * dim)
      const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0))
      // A centre that no image is nearest to stays where it was.
      const kept = length > 0 ? sum.map((value) => value / length) : centres.subarray(group * dim, (group + 1) * dim)
      next.set(kept, group * dim)
    }
    centres = next
  }
  return centres
}

/** Enters the nearest groups of images `from` to `to`. */
export const assign = (
  all: Labelled,
  { group, score, visits }: Neighbours,
  centres: Float32Array,
  from: number,
  to: number
): void => {
  const vectors = packed(centres, all.dim)
  for (let image = from; image < to; image++) {
    const scores = cosines(vectors, rowOf(all, image))
    topOf(scores, visits).forEach((one, visit) => {
      group[image * visits + visit] = one
      score[image * visits + visit] = scores[one]
    })
  }
}

/** Visits by group. */
export interface Visits {
  /** int32 [groups + 1]: where the visits of each group begin in `order`. */
  readonly starts: Int32Array
  /** int32 [count x visits]: image x visits + number of the visit, ascending within each group. */
  readonly order: Int32Array
}

/** Sorts visits by their group, by counting. */
export const visitsOf = ({ group, groups }: Neighbours): Visits => {
  const starts = int32(groups + 1).fill(0)
  for (const one of group) starts[one + 1]++
  for (let one = 0; one < groups; one++) starts[one + 1] += starts[one]
  const next = starts.slice()
  const order = int32(group.length)
  group.forEach((one, visit) => {
    order[next[one]++] = visit
  })
  return { starts, order }
}

/** Members of a group that are compared with each other, and the same as vectors. */
interface Chunk {
  readonly images: Int32Array
  readonly vectors: Vectors
}

const dot = ({ dim, rows }: Labelled, a: number, b: number): number => {
  let sum = 0
  for (let k = 0; k < dim; k++) sum += rows[a * dim + k] * rows[b * dim + k]
  return sum
}

/** Enters the nearest members of a chunk, best first. */
const compare = (all: Labelled, into: Neighbours, visit: number, { images, vectors }: Chunk, parted: boolean): void => {
  const image = Math.floor(visit / into.visits)
  const scores = cosines(vectors, rowOf(all, image))
  const found = Array.from(topOf(scores, CANDIDATES + 1), (at) => images[at])
    .filter((one) => one !== image)
    .map((one) => [one, dot(all, image, one)] as const)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
  found.slice(0, NEAREST).forEach(([one, value], place) => {
    into.near[visit * NEAREST + place] = one
    into.cosine[visit * NEAREST + place] = value
  })
  const own = all.split[image]
  if (!parted || own < 0) return
  let best = -1
  for (let at = 0; at < images.length; at++) {
    const split = all.split[images[at]]
    if (split >= 0 && split !== own && (best < 0 || scores[at] > scores[best])) best = at
  }
  if (best < 0) return
  into.other[visit] = images[best]
  into.otherCosine[visit] = dot(all, image, images[best])
}

/** Compares the visitors of groups `from` to `to` with their members. */
export const searchGroups = (
  all: Labelled,
  into: Neighbours,
  { order, starts }: Visits,
  from: number,
  to: number,
  largest = LARGEST
): void => {
  const { score, visits } = into
  const parted = all.split.some((one) => one >= 0)
  for (let group = from; group < to; group++) {
    const visitors = order.subarray(starts[group], starts[group + 1])
    // Members by their cosine with the centre: equal images come together if the group is divided.
    const members = visitors.filter((visit) => visit % visits === 0).sort((a, b) => score[b] - score[a] || a - b)
    if (members.length === 0) continue
    const size = Math.ceil(members.length / Math.ceil(members.length / largest))
    const chunks = Array.from({ length: Math.ceil(members.length / size) }, (_, i): Chunk => {
      const images = members.slice(i * size, (i + 1) * size).map((visit) => visit / visits)
      return { images, vectors: packed(gathered(all, images), all.dim) }
    })
    for (const visit of visitors) {
      let [low, high] = [0, members.length - 1]
      while (low < high) {
        const middle = (low + high) >> 1
        if (score[members[middle]] > score[visit]) low = middle + 1
        else high = middle
      }
      compare(all, into, visit, chunks[Math.floor(low / size)], parted)
    }
  }
}

/** The nearest images of an image over all its visits, best first, with their cosines. */
export const nearestOf = ({ cosine, near, visits }: Neighbours, image: number) => {
  const found: Array<readonly [image: number, cosine: number]> = []
  for (let at = image * visits * NEAREST; at < (image + 1) * visits * NEAREST; at++)
    if (near[at] >= 0) found.push([near[at], cosine[at]])
  return found.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, NEAREST)
}
