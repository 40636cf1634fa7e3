/**
 * The nearest images of every image. Comparing all with all takes hours at 590,000 images, so a larger archive is divided into
 * groups around centres (inverted lists; Sivic and Zisserman 2003), and each image is compared only with the images of its own
 * group and of the groups beside it. Runs in worker threads.
 */
import { random } from "../../../../pipeline/random.ts"
import { joined } from "../../../joined.ts"
import { topOf } from "../../../retrieve/search/top.ts"
import { coded, cosines, type Vectors } from "../kit/vectors.ts"
import { type Labelled, NEAREST } from "./queries.ts"

/** Each image of a larger archive is compared with at least this many. In a smaller archive, all are compared with all. */
export const COMPARED = 6_000
/** Groups among which these images are divided. */
const GROUPS_BESIDE = 12
/** Candidates by int8, among which the nearest images are found by float32. */
const CANDIDATES = 16
/** Rounds of k-means, and images per centre that it sees. */
const [ROUNDS, SAMPLE] = [4, 32]

/** What the threads fill in; all of it lies in shared memory. */
export interface Neighbours {
  /** Each image is compared with at least this many. */
  readonly compared: number
  readonly groups: number
  /** int32 [count]: the group of each image; and its cosine with the centre. */
  readonly group: Int32Array
  readonly score: Float32Array
  /** int32 [count, NEAREST], best first, -1 where there are fewer; and their cosines. */
  readonly near: Int32Array
  readonly cosine: Float32Array
  /** int32 [count]: the nearest image of another split, -1 if there is none; and its cosine. */
  readonly other: Int32Array
  readonly otherCosine: Float32Array
}

const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length)).fill(-1)
const float32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length))

/** Memory for the neighbours of an archive. */
export const neighboursFor = (count: number, compared = COMPARED): Neighbours => ({
  compared,
  groups: count <= compared ? 1 : Math.ceil((count * GROUPS_BESIDE) / compared),
  ...{ group: int32(count), score: float32(count), other: int32(count), otherCosine: float32(count) },
  ...{ near: int32(count * NEAREST), cosine: float32(count * NEAREST) }
})

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

/** Enters the groups of images `from` to `to`. */
export const assign = (
  all: Labelled,
  { group, score }: Neighbours,
  centres: Float32Array,
  from: number,
  to: number
): void => {
  const vectors = packed(centres, all.dim)
  for (let image = from; image < to; image++) {
    const scores = cosines(vectors, rowOf(all, image))
    const [nearest] = topOf(scores, 1)
    group[image] = nearest
    score[image] = scores[nearest]
  }
}

/** Images by group. */
export interface Members {
  /** int32 [groups + 1]: where the images of each group begin in `images`. */
  readonly starts: Int32Array
  /** int32 [count]. */
  readonly images: Int32Array
}

/** Sorts images by their group; within a group by their cosine with its centre, so that equal images come together. */
export const membersOf = ({ group, groups, score }: Neighbours): Members => {
  const starts = int32(groups + 1).fill(0)
  for (const one of group) starts[one + 1]++
  for (let one = 0; one < groups; one++) starts[one + 1] += starts[one]
  const next = starts.slice()
  const images = int32(group.length)
  group.forEach((one, image) => {
    images[next[one]++] = image
  })
  for (let one = 0; one < groups; one++)
    images.subarray(starts[one], starts[one + 1]).sort((a, b) => score[b] - score[a] || a - b)
  return { starts, images }
}

/** Images that others are compared with, and their vectors. */
interface Compared {
  readonly images: Int32Array
  readonly vectors: Vectors
}

const comparedOf = (all: Labelled, images: Int32Array): Compared => ({
  images,
  vectors: packed(gathered(all, images), all.dim)
})

const dot = ({ dim, rows }: Labelled, a: number, b: number): number => {
  let sum = 0
  for (let k = 0; k < dim; k++) sum += rows[a * dim + k] * rows[b * dim + k]
  return sum
}

/** Enters the nearest images of an image. */
const compare = (
  all: Labelled,
  into: Neighbours,
  image: number,
  { images, vectors }: Compared,
  parted: boolean
): void => {
  const scores = cosines(vectors, rowOf(all, image))
  const found = Array.from(topOf(scores, CANDIDATES + 1), (at) => images[at])
    .filter((one) => one !== image)
    .map((one) => [one, dot(all, image, one)] as const)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
  found.slice(0, NEAREST).forEach(([one, value], place) => {
    into.near[image * NEAREST + place] = one
    into.cosine[image * NEAREST + place] = value
  })
  const own = all.split[image]
  if (!parted || own < 0) return
  let best = -1
  for (let at = 0; at < images.length; at++) {
    const split = all.split[images[at]]
    if (split >= 0 && split !== own && (best < 0 || scores[at] > scores[best])) best = at
  }
  if (best < 0) return
  into.other[image] = images[best]
  into.otherCosine[image] = dot(all, image, images[best])
}

/** Images of a group, and of the groups with the most similar centres until there are at least `compared` images. */
const beside = (
  { compared, groups }: Neighbours,
  { images, starts }: Members,
  centres: Float32Array,
  dim: number,
  group: number
): Int32Array => {
  const scores = cosines(packed(centres, dim), Float64Array.from(centres.subarray(group * dim, (group + 1) * dim)))
  scores[group] = Number.POSITIVE_INFINITY
  const parts: Array<Int32Array> = []
  let length = 0
  for (const one of topOf(scores, groups)) {
    const part = images.subarray(starts[one], starts[one + 1])
    parts.push(part)
    length += part.length
    if (length >= compared) break
  }
  return joined(parts)
}

/** Compares the images of groups `from` to `to`. A group of more than twice `compared` images is divided. */
export const searchGroups = (
  all: Labelled,
  into: Neighbours,
  members: Members,
  centres: Float32Array,
  from: number,
  to: number
): void => {
  const { images, starts } = members
  const parted = all.split.some((one) => one >= 0)
  for (let group = from; group < to; group++) {
    const own = images.subarray(starts[group], starts[group + 1])
    const parts = Math.ceil(own.length / (2 * into.compared))
    const size = Math.ceil(own.length / Math.max(1, parts))
    for (let at = 0; at < own.length; at += size) {
      const some = own.subarray(at, at + size)
      const others = comparedOf(all, parts > 1 ? some : beside(into, members, centres, all.dim, group))
      for (const image of some) compare(all, into, image, others, parted)
    }
  }
}

/** The nearest images of an image, best first, with their cosines. */
export const nearestOf = ({ cosine, near }: Neighbours, image: number) => {
  const found: Array<readonly [image: number, cosine: number]> = []
  for (let at = image * NEAREST; at < (image + 1) * NEAREST && near[at] >= 0; at++) found.push([near[at], cosine[at]])
  return found
}
