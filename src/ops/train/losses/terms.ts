/** Terms: one number for an anchor, a positive and a negative, with its derivatives. */

export interface Term {
  readonly value: number
  /** Argument of the max(0, .) of the term. */
  readonly hinge: number
  /** Derivatives with respect to anchor, positive and negative. */
  readonly slopes: readonly [anchor: Float64Array, positive: Float64Array, negative: Float64Array]
}
export type TermOf = (anchor: Float64Array, positive: Float64Array, negative: Float64Array) => Term

/** Vectors are divided by their length, or by this if they are shorter, as in PyTorch's `normalize`. */
export const TINY = 1e-12
/** Added to every difference of components in a distance, as in PyTorch's `pairwise_distance`. */
const SHIFT = 1e-6

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

const difference = (a: Float64Array, b: Float64Array, plus = 0): Float64Array => a.map((x, i) => x - b[i] + plus)

/** From dL/du to dL/dx, through u = x / |x|; a vector of length zero gets no gradient. */
export const throughDirection = (slope: Float64Array, unit: Float64Array, norm: number): Float64Array => {
  if (norm < TINY) return new Float64Array(slope.length)
  const along = dot(slope, unit)
  return slope.map((value, i) => (value - along * unit[i]) / norm)
}

/** x / |x|, and its derivative backwards. */
const direction = (x: Float64Array) => {
  const norm = Math.sqrt(dot(x, x))
  const unit = x.map((value) => value / Math.max(norm, TINY))
  return { unit, back: (slope: Float64Array) => throughDirection(slope, unit, norm) }
}

/**
 * Contrastive (Hadsell et al., CVPR 2006, equation 4) on directions: |a - p|^2 / 2 + max(0, margin - |a - n|)^2 / 2, with
 * a, p, n divided by their lengths.
 */
export const contrastive =
  (margin: number): TermOf =>
  (anchor, positive, negative) => {
    const [a, p, n] = [anchor, positive, negative].map(direction)
    const toP = difference(a.unit, p.unit)
    const toN = difference(a.unit, n.unit)
    const far = Math.sqrt(dot(toN, toN))
    const hinge = margin - far
    const open = Math.max(0, hinge)
    const push = far > 0 ? open / far : 0
    return {
      value: dot(toP, toP) / 2 + open ** 2 / 2,
      hinge,
      slopes: [
        a.back(toP.map((value, i) => value - push * toN[i])),
        p.back(toP.map((value) => -value)),
        n.back(toN.map((value) => push * value))
      ]
    }
  }

/**
 * Triplet margin (Balntas et al., BMVC 2016): max(0, margin + d(a, p) - d(a, n)), with d(x, y) = |x - y + 1e-6| of the given
 * vectors.
 */
export const triplet =
  (margin: number): TermOf =>
  (anchor, positive, negative) => {
    const toP = difference(anchor, positive, SHIFT)
    const toN = difference(anchor, negative, SHIFT)
    const [near, far] = [Math.sqrt(dot(toP, toP)), Math.sqrt(dot(toN, toN))]
    const hinge = margin + near - far
    // Not `hinge <= 0`: NaN must stay NaN.
    const open = hinge < 0 || hinge === 0 ? 0 : 1
    const pull = toP.map((value) => (near > 0 ? (open * value) / near : 0))
    const push = toN.map((value) => (far > 0 ? (open * value) / far : 0))
    return {
      value: open * hinge,
      hinge,
      slopes: [difference(pull, push), pull.map((value) => -value), push]
    }
  }
