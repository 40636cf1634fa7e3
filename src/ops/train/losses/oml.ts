/**
 * Ordered Multi-label Loss (Imbriaco et al., IEEE TGRS 2021): a smooth average precision (Brown et al., ECCV 2020) of
 * every class in the batch, divided by the batch's size instead of the class's.
 *
 * With S the cosine similarities of the batch and G(d) = 1 / (1 + exp(-d / t)):
 * R(q, a) = 1 + sum over b != a of G(S_qb - S_qa), over the whole batch; R_c(q, a) the same over the members of class c.
 * AP_c = sum over q, a in c of R_c / R / |c| / B. The loss is the mean of 1 - AP_c over classes of two members or more.
 */
import type { LossInput, LossValue } from "./loss.ts"

/** Exponents beyond this are cut, and no gradient flows there. */
const CLAMP = 50
/** Norms are divided by at least this much, as `normalize` of PyTorch does. */
const TINY = 1e-12

export interface OrderedMultiLabelOptions {
  /** Temperature t: differences of similarity well above it count as order. */
  readonly anneal?: number
}

/** Members of every class that has at least two. */
const classesOf = (labels: Uint8Array, rows: number): ReadonlyArray<Int32Array> => {
  const count = rows === 0 ? 0 : labels.length / rows
  return Array.from({ length: count }, (_, c) =>
    Int32Array.from({ length: rows }, (_, row) => row).filter((row) => labels[row * count + c] > 0)
  ).filter((members) => members.length > 1)
}

const normalised = (values: Float32Array, rows: number): { unit: Float64Array; norms: Float64Array } => {
  const D = values.length / rows
  const norms = Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0
    for (let i = row * D; i < (row + 1) * D; i++) sum += values[i] ** 2
    return Math.sqrt(sum)
  })
  const unit = Float64Array.from(values, (value, i) => value / Math.max(norms[Math.floor(i / D)], TINY))
  return { unit, norms }
}

const similarities = (unit: Float64Array, rows: number): Float64Array => {
  const D = unit.length / rows
  const S = new Float64Array(rows * rows)
  for (let q = 0; q < rows; q++) {
    for (let a = q; a < rows; a++) {
      let sum = 0
      for (let i = 0; i < D; i++) sum += unit[q * D + i] * unit[a * D + i]
      S[q * rows + a] = sum
      S[a * rows + q] = sum
    }
  }
  return S
}

/** Buffers of one anchor, reused for all: memory stays O(B^2) though there are B^3 terms. */
interface Buffers {
  /** G(S_qb - S_qa) at [a, b], 0 where a = b. */
  readonly before: Float64Array
  /** dL / d of the same. */
  readonly slope: Float64Array
  readonly rank: Float64Array
}

/** Fills `before` and `rank` for anchor q; G(-d) = 1 - G(d) halves the work. */
const rankFrom = (S: Float64Array, q: number, B: number, anneal: number, { before, rank }: Buffers): void => {
  rank.fill(1)
  for (let a = 0; a < B; a++) {
    for (let b = a + 1; b < B; b++) {
      const exponent = Math.max(-CLAMP, Math.min(CLAMP, (S[q * B + a] - S[q * B + b]) / anneal))
      const g = 1 / (1 + Math.exp(exponent))
      before[a * B + b] = g
      before[b * B + a] = 1 - g
      rank[a] += g
      rank[b] += 1 - g
    }
  }
}

/**
 * Adds the precision of one class seen from one of its members, and its derivative to `slope`.
 *
 * @param scale 1 / (classes |c| B)
 * @returns the sum over a in c of R_c / R, times `scale`
 */
const addClass = (members: Int32Array, B: number, scale: number, { before, slope, rank }: Buffers): number => {
  let sum = 0
  for (const a of members) {
    let within = 1
    for (const b of members) within += before[a * B + b]
    sum += (scale * within) / rank[a]
    for (const b of members) slope[a * B + b] -= scale / rank[a]
    const outer = (scale * within) / rank[a] ** 2
    for (let b = 0; b < B; b++) slope[a * B + b] += outer
  }
  return sum
}

/** Adds dL/dS_q from `slope`, by dG(d)/dd = G (1 - G) / t. */
const addSimilarityGradient = (q: number, B: number, anneal: number, { before, slope }: Buffers, dS: Float64Array) => {
  for (let a = 0; a < B; a++) {
    for (let b = 0; b < B; b++) {
      if (a === b) continue
      const g = before[a * B + b]
      const flow = (slope[a * B + b] * g * (1 - g)) / anneal
      dS[q * B + b] += flow
      dS[q * B + a] -= flow
    }
  }
}

/** Through S = E E^T and E = x / |x|; a vector of length zero has no direction to change and gets none. */
const toEmbeddings = (dS: Float64Array, unit: Float64Array, norms: Float64Array, B: number): Float32Array => {
  const D = unit.length / B
  const gradient = new Float32Array(unit.length)
  const dE = new Float64Array(D)
  for (let q = 0; q < B; q++) {
    if (norms[q] < TINY) continue
    dE.fill(0)
    for (let a = 0; a < B; a++) {
      const weight = dS[q * B + a] + dS[a * B + q]
      for (let i = 0; i < D; i++) dE[i] += weight * unit[a * D + i]
    }
    let along = 0
    for (let i = 0; i < D; i++) along += dE[i] * unit[q * D + i]
    for (let i = 0; i < D; i++) gradient[q * D + i] = (dE[i] - along * unit[q * D + i]) / norms[q]
  }
  return gradient
}

/**
 * The loss, its gradient and its floor: the mean over the same classes of 1 - |c| / B, reached when every anchor has the
 * members of its classes first. A batch without such a class gives 0 and no gradient.
 *
 * @param input raw embeddings [rows, D]; they are L2-normalised here
 */
export const orderedMultiLabel = (
  { values, labels, rows }: LossInput,
  { anneal = 0.01 }: OrderedMultiLabelOptions = {}
): LossValue => {
  const classes = classesOf(labels, rows)
  if (classes.length === 0) return { value: 0, gradient: new Float32Array(values.length), floor: 0 }
  const { unit, norms } = normalised(values, rows)
  const S = similarities(unit, rows)
  const dS = new Float64Array(rows * rows)
  const buffers = {
    before: new Float64Array(rows * rows),
    slope: new Float64Array(rows * rows),
    rank: new Float64Array(rows)
  }
  let precision = 0
  for (let q = 0; q < rows; q++) {
    const own = classes.filter((members) => members.includes(q))
    if (own.length === 0) continue
    rankFrom(S, q, rows, anneal, buffers)
    buffers.slope.fill(0)
    for (const members of own)
      precision += addClass(members, rows, 1 / (classes.length * members.length * rows), buffers)
    addSimilarityGradient(q, rows, anneal, buffers, dS)
  }
  const floor = classes.reduce((sum, members) => sum + 1 - members.length / rows, 0) / classes.length
  return { value: 1 - precision, gradient: toEmbeddings(dS, unit, norms, rows), floor }
}
