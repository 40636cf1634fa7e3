/**
 * Terms: one number for an anchor, a positive and a negative, with its derivatives. Threads compute them, so this file does not
 * import Effect.
 */

/** A term by its name, so that it can be sent to a thread. */
export interface Term {
  readonly name: "contrastive" | "triplet"
  readonly margin: number
}

/** The anchor, the positive and the negative of a term, [dim] each. */
export interface Three {
  readonly anchor: Float64Array
  readonly positive: Float64Array
  readonly negative: Float64Array
}

/** The derivatives with respect to them; in single precision if the batch is large. */
export type ThreeSlopes = { readonly [K in keyof Three]: Float32Array | Float64Array }

/** The value of a term, and the argument of its max(0, .). */
export interface TermValue {
  readonly value: number
  readonly hinge: number
}

/** Vectors are divided by their length, or by this if they are shorter, as in PyTorch's `normalize`. */
export const TINY = 1e-12
/** Added to every difference of components in a distance, as in PyTorch's `pairwise_distance`. */
const SHIFT = 1e-6

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** From dL/du to dL/dx, through u = x / |x|; a vector of length zero gets no gradient. */
export const throughDirection = (slope: Float64Array, unit: Float64Array, norm: number): Float64Array => {
  if (norm < TINY) return new Float64Array(slope.length)
  const along = dot(slope, unit)
  return slope.map((value, i) => (value - along * unit[i]) / norm)
}

/**
 * Contrastive (Hadsell et al., CVPR 2006, equation 4) on directions: |a - p|^2 / 2 + max(0, margin - |a - n|)^2 / 2, with
 * a, p, n divided by their lengths.
 */
export const contrastive = (margin: number): Term => ({ name: "contrastive", margin })

const contrastiveTerm = (margin: number, { anchor, negative, positive }: Three, slopes: ThreeSlopes): TermValue => {
  let [squareA, squareP, squareN] = [0, 0, 0]
  for (let i = 0; i < anchor.length; i++) {
    squareA += anchor[i] * anchor[i]
    squareP += positive[i] * positive[i]
    squareN += negative[i] * negative[i]
  }
  const lengths = [Math.sqrt(squareA), Math.sqrt(squareP), Math.sqrt(squareN)]
  const [a, p, n] = lengths.map((length) => 1 / Math.max(length, TINY))
  // Squared distances of directions, and the sums by which slopes lose what lies along each vector.
  let [near, far, nearA, farA, nearP, farN] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < anchor.length; i++) {
    const u = anchor[i] * a
    const v = positive[i] * p
    const w = negative[i] * n
    const x = u - v
    const y = u - w
    near += x * x
    far += y * y
    nearA += x * u
    farA += y * u
    nearP += x * v
    farN += y * w
  }
  const hinge = margin - Math.sqrt(far)
  const open = Math.max(0, hinge)
  const push = far > 0 ? open / Math.sqrt(far) : 0
  const along = nearA - push * farA
  // A vector of length zero gets no gradient.
  const { anchor: ofAnchor, negative: ofNegative, positive: ofPositive } = slopes
  const [toA, toP, toN] = lengths.map((length) => (length < TINY ? 0 : 1 / length))
  for (let i = 0; i < anchor.length; i++) {
    const u = anchor[i] * a
    const v = positive[i] * p
    const w = negative[i] * n
    const x = u - v
    const y = push * (u - w)
    ofAnchor[i] = (x - y - along * u) * toA
    ofPositive[i] = (nearP * v - x) * toP
    ofNegative[i] = (y - push * farN * w) * toN
  }
  return { value: near / 2 + open ** 2 / 2, hinge }
}

/**
 * Triplet margin (Balntas et al., BMVC 2016): max(0, margin + d(a, p) - d(a, n)), with d(x, y) = |x - y + 1e-6| of the given
 * vectors.
 */
export const triplet = (margin: number): Term => ({ name: "triplet", margin })

const tripletTerm = (margin: number, { anchor, negative, positive }: Three, slopes: ThreeSlopes): TermValue => {
  let [near, far] = [0, 0]
  for (let i = 0; i < anchor.length; i++) {
    const x = anchor[i] - positive[i] + SHIFT
    const y = anchor[i] - negative[i] + SHIFT
    near += x * x
    far += y * y
  }
  near = Math.sqrt(near)
  far = Math.sqrt(far)
  const hinge = margin + near - far
  // Not `hinge <= 0`: NaN must stay NaN.
  const open = hinge < 0 || hinge === 0 ? 0 : 1
  const { anchor: ofAnchor, negative: ofNegative, positive: ofPositive } = slopes
  const [pull, push] = [near > 0 ? open / near : 0, far > 0 ? open / far : 0]
  for (let i = 0; i < anchor.length; i++) {
    const x = pull * (anchor[i] - positive[i] + SHIFT)
    const y = push * (anchor[i] - negative[i] + SHIFT)
    ofAnchor[i] = x - y
    ofPositive[i] = -x
    ofNegative[i] = y
  }
  return { value: open * hinge, hinge }
}

/** Computes a term, and writes its derivatives to `slopes`. */
export const termOf = ({ margin, name }: Term, given: Three, slopes: ThreeSlopes): TermValue =>
  name === "contrastive" ? contrastiveTerm(margin, given, slopes) : tripletTerm(margin, given, slopes)
