/**
 * Smooth precision of one anchor (Brown et al., ECCV 2020): ranks among n similarities s, with a sigmoid in place of the step.
 *
 * With G(d) = 1 / (1 + exp(-d / t)): R(a) = 1 + sum over b != a of G(s_b - s_a), and R_g(a) the same over the members of a
 * group g. The precision is the sum over groups and their members of scale_g R_g(a) / R(a).
 *
 * G(s_b - s_a) = E_b / (E_a + E_b) with E = exp(s / t): n exponentials serve n^2 comparisons, and half of the comparisons are
 * the complements of the others.
 */

/** Images that are ranked among themselves, with the weight of their precision. */
export interface Group {
  /** Positions in s, ascending. */
  readonly members: ArrayLike<number>
  readonly scale: number
}

/** Memory for one anchor, reused for all anchors: it grows with n^2, although there are n^3 comparisons. */
export interface RankBuffers {
  /** G(s_b - s_a) at [a, b], a < b. */
  readonly above: Float64Array
  /** At [a, b], a < b: the sum of the scales of the groups that contain both. */
  readonly common: Float64Array
  readonly power: Float64Array
  readonly rank: Float64Array
  readonly within: Float64Array
}

/** Buffers for n similarities. */
export const rankBuffers = (n: number): RankBuffers => ({
  above: new Float64Array(n * n),
  common: new Float64Array(n * n),
  power: new Float64Array(n),
  rank: new Float64Array(n),
  within: new Float64Array(n)
})

/** Larger differences of exponents could overflow; every comparison then computes its own exponential. */
const SAFE = 600

/** Fills `power`; false if exponents are too far apart to use it. */
const powers = (s: Float64Array, temperature: number, power: Float64Array): boolean => {
  let [least, most] = [s[0], s[0]]
  for (const value of s) {
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  const middle = (least + most) / 2
  for (let a = 0; a < s.length; a++) power[a] = Math.exp((s[a] - middle) / temperature)
  return (most - least) / temperature < SAFE
}

/** Fills `common`, and initialises `within` with the scales of the groups of each image. */
const mark = (groups: ReadonlyArray<Group>, n: number, { common, within }: RankBuffers): void => {
  common.fill(0)
  within.fill(0)
  for (const { members, scale } of groups) {
    for (let i = 0; i < members.length; i++) {
      within[members[i]] += scale
      for (let j = i + 1; j < members.length; j++) common[members[i] * n + members[j]] += scale
    }
  }
}

/** Fills `above` and `rank`, and completes `within`: the sum over groups of scale R_g. */
const compare = (s: Float64Array, temperature: number, { above, common, power, rank, within }: RankBuffers): void => {
  const n = s.length
  const safe = powers(s, temperature, power)
  rank.fill(1)
  for (let a = 0; a < n; a++) {
    const [own, value] = [power[a], s[a]]
    let [rankOfA, withinOfA] = [0, 0]
    for (let b = a + 1, at = a * n + a + 1; b < n; b++, at++) {
      const g = safe ? power[b] / (own + power[b]) : 1 / (1 + Math.exp((value - s[b]) / temperature))
      const shared = common[at]
      above[at] = g
      rankOfA += g
      withinOfA += shared * g
      rank[b] += 1 - g
      within[b] += shared * (1 - g)
    }
    rank[a] += rankOfA
    within[a] += withinOfA
  }
}

/**
 * Adds the derivative with respect to s. With W the sum over groups of scale R_g, and h = G (1 - G) / t, which is the same
 * for (a, b) and (b, a), a pair moves s_b up, and s_a down, by h [common (1/R_a - 1/R_b) - W_a / R_a^2 + W_b / R_b^2].
 */
const flow = (
  temperature: number,
  { above, common, rank, within }: RankBuffers,
  slope: Float64Array,
  inverse: Float64Array
) => {
  const n = slope.length
  for (let a = 0; a < n; a++) {
    inverse[a] = 1 / rank[a]
    within[a] *= inverse[a] * inverse[a]
  }
  for (let a = 0; a < n; a++) {
    const [inverseOfA, outerOfA] = [inverse[a], within[a]]
    let down = 0
    for (let b = a + 1, at = a * n + a + 1; b < n; b++, at++) {
      const g = above[at]
      const moved = ((g * (1 - g)) / temperature) * (common[at] * (inverseOfA - inverse[b]) - outerOfA + within[b])
      slope[b] += moved
      down += moved
    }
    slope[a] -= down
  }
}

/** Fills `common` and `within` with graded relevance: min(r_a, r_b) and r_a, times `scale`. */
const markGraded = (relevance: Float64Array, scale: number, { common, within }: RankBuffers): void => {
  const n = relevance.length
  for (let a = 0; a < n; a++) {
    within[a] = scale * relevance[a]
    for (let b = a + 1; b < n; b++) common[a * n + b] = scale * Math.min(relevance[a], relevance[b])
  }
}

/** The precision after `common` and `within` were filled; adds its derivative to `slope`. */
const precisionOf = (s: Float64Array, temperature: number, buffers: RankBuffers, slope: Float64Array): number => {
  compare(s, temperature, buffers)
  let precision = 0
  for (let a = 0; a < s.length; a++) precision += buffers.within[a] / buffers.rank[a]
  flow(temperature, buffers, slope, buffers.power)
  return precision
}

/**
 * The precision of one anchor; adds its derivative with respect to s to `slope`.
 *
 * @param s similarities of the ranked images, [n]
 * @param buffers of size n
 */
export const smoothPrecision = (
  s: Float64Array,
  groups: ReadonlyArray<Group>,
  temperature: number,
  buffers: RankBuffers,
  slope: Float64Array
): number => {
  if (groups.length === 0) return 0
  mark(groups, s.length, buffers)
  return precisionOf(s, temperature, buffers, slope)
}

/**
 * The same with graded relevance r (Ramzi et al., ECCV 2022): `scale` times the sum over a of
 * (r_a + sum over b != a of min(r_a, r_b) G(s_b - s_a)) / R(a). For r of 0 and 1 it is that of one group.
 *
 * @param s similarities of the ranked images, [n]
 * @param relevance from 0 to 1, [n]
 * @param buffers of size n
 */
export const gradedPrecision = (
  s: Float64Array,
  { relevance, scale }: { readonly relevance: Float64Array; readonly scale: number },
  temperature: number,
  buffers: RankBuffers,
  slope: Float64Array
): number => {
  markGraded(relevance, scale, buffers)
  return precisionOf(s, temperature, buffers, slope)
}
