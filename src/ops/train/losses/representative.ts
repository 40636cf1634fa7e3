/** Informative and representative triplets for images of several labels (Sumbul, Ravanbakhsh and Demir, IEEE TGRS 2021). */
import type { Selected } from "./selection.ts"
import { best, type Mined, type Triplet } from "./triplets.ts"

/** Share of the anchors that are used. */
const ANCHORS = 0.25
/** Positives, and negatives, of each anchor. */
const IMAGES = 3

/** Score of an item by its distance to the nearest item chosen so far; infinity before the first. */
type Score = (item: number, nearest: number) => number

/** Chooses up to `count` items, one by one. */
const oneByOne = (items: ReadonlyArray<number>, count: number, score: Score, between: Mined["between"]) => {
  const chosen: Array<number> = []
  let left = items.map((item) => ({ item, nearest: Number.POSITIVE_INFINITY }))
  while (chosen.length < count && left.length > 0) {
    const { item: next } = best(left, ({ item, nearest }) => score(item, nearest))
    chosen.push(next)
    left = left
      .filter(({ item }) => item !== next)
      .map((one) => ({ ...one, nearest: Math.min(one.nearest, between(one.item, next)) }))
  }
  return chosen
}

/**
 * The first step: a quarter of the anchors, so that they lie far apart. It begins with a drawn one, and adds the anchor that is
 * farthest from the nearest one chosen so far.
 */
const diverse = (anchors: ReadonlyArray<number>, { between, choose }: Mined): ReadonlyArray<number> => {
  const first = anchors[choose(anchors.length)]
  const score: Score = (anchor, nearest) => (Number.isFinite(nearest) ? nearest : Number(anchor === first))
  return oneByOne(anchors, Math.ceil(ANCHORS * anchors.length), score, between)
}

/**
 * The second step: three positives or three negatives of an anchor, chosen one by one by the sum of three scores from 0 to 1:
 * relevancy, the similarity of labels (of negatives: 1 minus it); hardness, half the distance from the anchor (of negatives: 1
 * minus it); diversity, half the distance from the nearest image chosen so far. The paper weighs the three; here they count alike.
 */
const suited = (
  anchor: number,
  images: ReadonlyArray<number>,
  sign: 1 | -1,
  { between, distances, rows }: Mined,
  relevance: Float64Array
): ReadonlyArray<number> => {
  const upwards = (score: number) => (sign === 1 ? score : 1 - score)
  const score: Score = (i, nearest) => {
    const at = anchor * rows + i
    return upwards(relevance[at]) + upwards(distances[at] / 2) + (Number.isFinite(nearest) ? nearest / 2 : 0)
  }
  return oneByOne(images, IMAGES, score, between)
}

/** Triplets of few anchors that lie far apart, with their relevant, hard and diverse positives and negatives. */
export const representative = (pairs: ReadonlyArray<Selected>, given: Mined): ReadonlyArray<Triplet> => {
  if (pairs.length === 0) return []
  const relevance = given.relevance()
  const of = new Map(pairs.map((one) => [one.anchor, one]))
  return diverse([...of.keys()], given).flatMap((anchor) => {
    const { negatives, positives } = of.get(anchor) as Selected
    const far = suited(anchor, negatives, -1, given, relevance)
    return suited(anchor, positives, 1, given, relevance).flatMap((positive) =>
      far.map((negative) => ({ anchor, positive, negative }))
    )
  })
}
