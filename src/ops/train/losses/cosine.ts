/**
 * Cosine similarities of a batch, and the gradient from similarities back to embeddings: by tiles of rows in double precision, for
 * large batches in single precision.
 */
import type { Loop, Team } from "../../workers/loops.ts"
import { everyRow, numbers, own, shared, singles } from "./every-row.ts"
import type { LossInput } from "./loss.ts"
import {
  enterable,
  enterPanel,
  type Panels,
  panelsOf,
  type SingleRows,
  singleGradient,
  singleProducts,
  singleRows,
  slopesOf,
  weightedStride
} from "./single-rows.ts"
import { TINY } from "./terms.ts"

/** Vectors of a batch with their lengths divided out. */
export interface Directions {
  /** Rows divided by their lengths, [rows, dim]; in single precision if the batch is large. */
  readonly unit: Float32Array | Float64Array
  readonly norms: Float64Array
  readonly rows: number
  readonly dim: number
  /** Threads that share the loops over this batch; undefined if it is too small to be divided. */
  readonly team: Team | undefined
  /** The memory of `unit`, in which products are computed in single precision; undefined for small batches. */
  readonly single: SingleRows | undefined
}

/**
 * Multiplications of a batch, rows times rows times dimensions, from which threads save more time than they cost. Below, about
 * 15 ms of work, one thread computes alone.
 */
export const WORTH_THREADS = 2 ** 24

/** Whether a batch is large enough to be divided among threads and to be multiplied in single precision. */
export const isLarge = (rows: number, dim: number): boolean => rows * rows * dim >= WORTH_THREADS

/** The team for a batch; undefined if the batch is too small to be divided. */
export const teamFor = (rows: number, dim: number, team: Team | undefined): Team | undefined =>
  isLarge(rows, dim) ? team : undefined

/** Inner product of two rows. Four sums are independent of each other, so that no addition waits for the one before. */
const product = (x: Float32Array, from: number, y: Float32Array, other: number, dim: number): number => {
  let [a, b, c, d, i] = [0, 0, 0, 0, 0]
  for (; i + 3 < dim; i += 4) {
    a += x[from + i] * y[other + i]
    b += x[from + i + 1] * y[other + i + 1]
    c += x[from + i + 2] * y[other + i + 2]
    d += x[from + i + 3] * y[other + i + 3]
  }
  for (; i < dim; i++) a += x[from + i] * y[other + i]
  return a + b + (c + d)
}

/** The directions of raw rows that are in `unit`, which they replace. */
export const unitPanels: Loop<Panels & { readonly norms: Float64Array }> = {
  name: "directions",
  rows: (panels) => {
    const { dim, norms, unit } = panels
    const divide = (row: number) => {
      const end = (row + 1) * dim
      norms[row] = Math.sqrt(product(unit, row * dim, unit, row * dim, dim))
      const factor = 1 / Math.max(norms[row], TINY)
      for (let i = row * dim; i < end; i++) unit[i] *= factor
    }
    return (from, to) => {
      for (let panel = from; panel < to; panel++) enterPanel(panels, panel, divide)
    }
  }
}

/** Directions in single precision. */
const singleDirections = (single: SingleRows, values: Float32Array): Directions => {
  const { dim, rows, team, unit } = single
  const norms = numbers(team, "norms", rows)
  unit.set(values)
  everyRow(team, unitPanels, { ...enterable(single), norms }, panelsOf(rows))
  return { unit, norms, rows, dim, team, single }
}

/**
 * Divides each row by its length.
 *
 * @example
 * directions({ values: Float32Array.of(3, 4), rows: 1 }).norms[0] // => 5
 */
export const directions = (input: Pick<LossInput, "rows" | "team" | "values">): Directions => {
  const { rows, values } = input
  const dim = rows === 0 ? 0 : values.length / rows
  const team = teamFor(rows, dim, input.team)
  const single = isLarge(rows, dim) ? singleRows(rows, dim, team) : undefined
  if (single !== undefined) return singleDirections(single, values)
  const [unit, norms] = [numbers(team, "unit", values.length), numbers(team, "norms", rows)]
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * dim
    let sum = 0
    for (let i = row * dim; i < end; i++) sum += values[i] * values[i]
    norms[row] = Math.sqrt(sum)
    const length = Math.max(norms[row], TINY)
    for (let i = row * dim; i < end; i++) unit[i] = values[i] / length
  }
  return { unit, norms, rows, dim, team, single }
}

/** A batch as threads receive it. */
type Batch = Pick<Directions, "dim" | "norms" | "rows" | "unit">

const pair = (unit: Directions["unit"], dim: number, q: number, a: number): number => {
  let sum = 0
  for (let i = 0; i < dim; i++) sum += unit[q * dim + i] * unit[a * dim + i]
  return sum
}

/** Similarities of rows q and q + 1 with a .. a + 3, so that each loaded value serves several products. */
const tile = ({ dim, rows, unit }: Batch, q: number, a: number, S: Float64Array): void => {
  const [x, y] = [unit.subarray(q * dim, (q + 1) * dim), unit.subarray((q + 1) * dim, (q + 2) * dim)]
  const [c, d, e, f] = [0, 1, 2, 3].map((i) => unit.subarray((a + i) * dim, (a + i + 1) * dim))
  let [xc, xd, xe, xf, yc, yd, ye, yf] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let i = 0; i < dim; i++) {
    const [u, v] = [x[i], y[i]]
    xc += u * c[i]
    xd += u * d[i]
    xe += u * e[i]
    xf += u * f[i]
    yc += v * c[i]
    yd += v * d[i]
    ye += v * e[i]
    yf += v * f[i]
  }
  const [at, below] = [q * rows + a, (q + 1) * rows + a]
  S[at] = xc
  S[at + 1] = xd
  S[at + 2] = xe
  S[at + 3] = xf
  S[below] = yc
  S[below + 1] = yd
  S[below + 2] = ye
  S[below + 3] = yf
}

/** A batch whose first rows are compared with all rows. */
type Anchored = Batch & { readonly anchors: number }

/** Similarities with a >= q, for two anchors at a time. */
export const similarityPairs: Loop<Anchored & { readonly S: Float64Array }> = {
  name: "similarities",
  rows: (batch) => (from, to) => {
    const { anchors, dim, rows, S, unit } = batch
    const whole = rows - (rows % 4)
    for (let q = 2 * from; q < Math.min(anchors, 2 * to); q += 2) {
      const both = q + 1 < anchors
      if (both) for (let a = q - (q % 4); a < whole; a += 4) tile(batch, q, a, S)
      for (let row = q; row < Math.min(anchors, q + 2); row++) {
        for (let a = both ? Math.max(row, whole) : row; a < rows; a++) S[row * rows + a] = pair(unit, dim, row, a)
      }
    }
  }
}

/**
 * Cosine similarities of the first rows with all rows, [anchors, rows]; those with a >= q are computed, the others mirrored.
 *
 * @param anchors number of first rows
 */
export const similarities = (given: Directions, anchors = given.rows): Float64Array => {
  const { dim, norms, rows, single, team, unit } = given
  if (single !== undefined) return singleProducts(single, anchors)
  const S = numbers(team, "S", anchors * rows)
  everyRow(team, similarityPairs, { dim, norms, rows, unit, anchors, S }, Math.ceil(anchors / 2))
  for (let q = 0; q < anchors; q++) for (let a = q + 1; a < anchors; a++) S[a * rows + q] = S[q * rows + a]
  return S
}

/** dE of one row: the weighted sum of all rows, four at a time. */
const weighted = ({ dim, rows, unit }: Batch, weights: Float64Array, dE: Float64Array): void => {
  dE.fill(0)
  let a = 0
  for (; a + 3 < rows; a += 4) {
    const [s, t, u, v] = [weights[a], weights[a + 1], weights[a + 2], weights[a + 3]]
    const at = a * dim
    for (let i = 0; i < dim; i++) {
      dE[i] += s * unit[at + i] + t * unit[at + dim + i] + u * unit[at + 2 * dim + i] + v * unit[at + 3 * dim + i]
    }
  }
  for (; a < rows; a++) for (let i = 0; i < dim; i++) dE[i] += weights[a] * unit[a * dim + i]
}

/** Rows of the gradient with respect to raw embeddings. */
export const gradientRows: Loop<Anchored & { readonly dS: Float64Array; readonly gradient: Float32Array }> = {
  name: "gradient",
  rows: (batch) => {
    const { dim, dS, gradient, norms, rows, unit } = batch
    const dE = new Float64Array(dim)
    const weights = new Float64Array(rows)
    return (from, to) => {
      for (let q = from; q < to; q++) {
        if (norms[q] < TINY) continue
        slopesOf(dS, batch, q, weights)
        weighted(batch, weights, dE)
        let along = 0
        for (let i = 0; i < dim; i++) along += dE[i] * unit[q * dim + i]
        for (let i = 0; i < dim; i++) gradient[q * dim + i] = (dE[i] - along * unit[q * dim + i]) / norms[q]
      }
    }
  }
}

/** Rows of the gradient with respect to rows whose inner products are compared as they are. */
export const productRows: Loop<Anchored & { readonly dS: Float64Array; readonly dE: Float64Array }> = {
  name: "product gradient",
  rows: (batch) => {
    const { dE, dim, dS, rows } = batch
    const weights = new Float64Array(rows)
    return (from, to) => {
      for (let q = from; q < to; q++) {
        slopesOf(dS, batch, q, weights)
        weighted(batch, weights, dE.subarray(q * dim, (q + 1) * dim))
      }
    }
  }
}

/**
 * From dL/dS to dL/dE, through S = E E^T for rows E that are not divided by their lengths; in double precision.
 *
 * @param dS [rows, rows]
 * @returns [rows, dim]; the next batch may overwrite it
 */
export const toRows = (dS: Float64Array, { dim, norms, rows, team, unit }: Directions): Float64Array => {
  const dE = numbers(team, "dE", unit.length)
  const data = { dim, norms, rows, unit, anchors: rows, dS: shared(team, "dS", dS), dE }
  everyRow(team, productRows, data, rows)
  return dE
}

/** The derivatives with respect to raw rows, in place of those with respect to their directions. */
export const directedRows: Loop<
  Pick<SingleRows, "dim" | "unit" | "weighted"> & { readonly norms: Float64Array; readonly stride: number }
> = {
  name: "directed gradient",
  rows:
    ({ dim, norms, stride, unit, weighted }) =>
    (from, to) => {
      for (let q = from; q < to; q++) {
        const [e, u] = [q * stride, q * dim]
        const along = product(weighted, e, unit, u, dim)
        const factor = norms[q] < TINY ? 0 : 1 / norms[q]
        for (let i = 0; i < dim; i++) weighted[e + i] = factor * (weighted[e + i] - along * unit[u + i])
      }
    }
}

/**
 * Copies rows of `weighted` behind each other.
 *
 * @param length of the result; what the rows do not fill is 0
 */
export const copied = (
  { dim, weighted }: SingleRows,
  from: number,
  to: number,
  length = (to - from) * dim
): Float32Array => {
  const rows = new Float32Array(length)
  const stride = weightedStride(dim)
  for (let row = from; row < to; row++) {
    rows.set(weighted.subarray(row * stride, row * stride + dim), (row - from) * dim)
  }
  return rows
}

/**
 * From dL/dS to dL/dx, through S = E E^T and E = x / |x|. Vectors of length zero and rows that are not anchors get no gradient.
 *
 * @param dS [anchors, rows]
 */
export const toEmbeddings = (dS: Float64Array, given: Directions, anchors = given.rows): Float32Array => {
  const { dim, norms, rows, single, team, unit } = given
  if (single !== undefined) {
    singleGradient(single, dS, anchors)
    const { unit: directions, weighted } = single
    everyRow(team, directedRows, { dim, norms, stride: weightedStride(dim), unit: directions, weighted }, anchors)
    return copied(single, 0, anchors, rows * dim)
  }
  const size = unit.length
  const gradient = singles(team, "gradient", size).fill(0)
  const data = { dim, norms, rows, unit, anchors, dS: shared(team, "dS", dS), gradient }
  everyRow(team, gradientRows, data, anchors)
  return own(team, gradient)
}
