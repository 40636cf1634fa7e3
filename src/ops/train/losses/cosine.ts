/** Cosine similarities of a batch, and the gradient from similarities back to embeddings; float64, by tiles of rows. */
import type { Loop, Team } from "../../workers/loops.ts"
import { everyRow, numbers, shared } from "./every-row.ts"
import type { LossInput } from "./loss.ts"
import { TINY } from "./terms.ts"

/** Vectors of a batch with their lengths divided out. */
export interface Directions {
  /** Rows divided by their lengths, [rows, dim]. */
  readonly unit: Float64Array
  readonly norms: Float64Array
  readonly rows: number
  readonly dim: number
  /** Threads that share the loops over this batch; undefined if it is too small to be divided. */
  readonly team: Team | undefined
}

/**
 * Multiplications of a batch, rows times rows times dimensions, from which threads save more time than they cost. Below, about
 * 15 ms of work, one thread computes alone.
 */
export const WORTH_THREADS = 2 ** 24

/** The team for a batch; undefined if the batch is too small to be divided. */
export const teamFor = (rows: number, dim: number, team: Team | undefined): Team | undefined =>
  rows * rows * dim < WORTH_THREADS ? undefined : team

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
  const [unit, norms] = [numbers(team, "unit", values.length), numbers(team, "norms", rows)]
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * dim
    let sum = 0
    for (let i = row * dim; i < end; i++) sum += values[i] * values[i]
    norms[row] = Math.sqrt(sum)
    const length = Math.max(norms[row], TINY)
    for (let i = row * dim; i < end; i++) unit[i] = values[i] / length
  }
  return { unit, norms, rows, dim, team }
}

/** A batch as threads receive it. */
type Batch = Omit<Directions, "team">

const pair = (unit: Float64Array, dim: number, q: number, a: number): number => {
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
export const similarities = ({ team, ...batch }: Directions, anchors = batch.rows): Float64Array => {
  const { rows } = batch
  const S = numbers(team, "S", anchors * rows)
  everyRow(team, similarityPairs, { ...batch, anchors, S }, Math.ceil(anchors / 2))
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

/** Slopes of both orders of the pairs of row q, for the first rows as anchors. */
const slopesOf = (dS: Float64Array, { anchors, rows }: Anchored, q: number, weights: Float64Array): void => {
  for (let a = 0; a < anchors; a++) weights[a] = dS[q * rows + a] + dS[a * rows + q]
  for (let a = anchors; a < rows; a++) weights[a] = dS[q * rows + a]
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
 * From dL/dS to dL/dE, through S = E E^T for rows E that are not divided by their lengths.
 *
 * @param dS [rows, rows]
 * @returns [rows, dim]; the next batch may overwrite it
 */
export const toRows = (dS: Float64Array, { team, ...batch }: Directions): Float64Array => {
  const { rows, unit } = batch
  const dE = numbers(team, "dE", unit.length)
  everyRow(team, productRows, { ...batch, anchors: rows, dS: shared(team, "dS", dS), dE }, rows)
  return dE
}

/**
 * From dL/dS to dL/dx, through S = E E^T and E = x / |x|. Vectors of length zero and rows that are not anchors get no gradient.
 *
 * @param dS [anchors, rows]
 */
export const toEmbeddings = (dS: Float64Array, { team, ...batch }: Directions, anchors = batch.rows): Float32Array => {
  const size = batch.unit.length
  const memory = team === undefined ? new ArrayBuffer(4 * size) : team.memory("gradient", 4 * size)
  const gradient = new Float32Array(memory, 0, size).fill(0)
  everyRow(team, gradientRows, { ...batch, anchors, dS: shared(team, "dS", dS), gradient }, anchors)
  // The next batch overwrites the team's memory.
  return team === undefined ? gradient : Float32Array.from(gradient)
}
