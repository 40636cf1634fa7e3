/** Queries by example. */
import { topOf } from "../../../retrieve/search/top.ts"
import { unit } from "./vectors.ts"

/** Weight of the examples to avoid. */
export const GAMMA = 0.5

const meanDirection = (examples: ReadonlyArray<Float64Array>): Float64Array => {
  const sum = new Float64Array(examples[0].length)
  for (const example of examples) {
    const direction = unit(example)
    for (let k = 0; k < sum.length; k++) sum[k] += direction[k]
  }
  return sum.map((value) => value / examples.length)
}

/**
 * The vector to search for: q = mean(x / |x|, x in like) - 0.5 mean(y / |y|, y in unlike), Rocchio's formula (Rocchio 1971;
 * Manning, Raghavan and Schütze 2008, section 9.1.1) without an original query. One example alone is the query itself, so
 * that its cosines are those of `search`. Examples to avoid alone give the opposite of their mean.
 *
 * @param like vectors [dim] of the examples; `like` and `unlike` must not both be empty
 */
export const queryOf = (like: ReadonlyArray<Float64Array>, unlike: ReadonlyArray<Float64Array>): Float64Array => {
  if (like.length === 1 && unlike.length === 0) return like[0]
  const away = unlike.length === 0 ? undefined : meanDirection(unlike)
  if (like.length === 0) return (away as Float64Array).map((value) => -value)
  const towards = meanDirection(like)
  return away === undefined ? towards : towards.map((value, k) => value - GAMMA * away[k])
}

/**
 * The best images, without some.
 *
 * @param scores of all images; not changed
 * @param allowed whether an image may be found
 * @param left images that are left out: the examples
 */
export const best = (
  scores: Float64Array,
  allowed: ((image: number) => boolean) | undefined,
  left: ReadonlySet<number>,
  top: number
): Int32Array => {
  const kept = scores.slice()
  let possible = kept.length
  const remove = (image: number) => {
    if (kept[image] === Number.NEGATIVE_INFINITY) return
    kept[image] = Number.NEGATIVE_INFINITY
    possible--
  }
  for (let image = 0; allowed !== undefined && image < kept.length; image++) if (!allowed(image)) remove(image)
  for (const image of left) remove(image)
  return topOf(kept, Math.min(top, possible))
}
