/**
 * Products of a batch in single precision. Its rows are copied into panels of eight, so that WebAssembly multiplies them fast. Sums
 * of up to 512 products are made in single precision and added in double precision, in an order that threads do not change: with the
 * unit roundoff u = 2^-24, a product of two directions is at most 513 u = 3.1e-5 off (Higham, Accuracy and Stability of Numerical
 * Algorithms, 3.1), and usually 1e-8. Threads run these loops, so this file does not import Effect.
 */

import { COLUMNS, ROWS } from "../../formats/wasm-tiles.ts"
import type { Loop, Team } from "../../workers/loops.ts"
import { everyRow, numbers } from "./every-row.ts"
import { type SharedMemory, tilesOf } from "./single-kernel.ts"
import { type SingleMemory, singleMemory } from "./single-memory.ts"

/** Terms of a sum in single precision. A panel with this number of terms stays in the nearest cache. */
const CHUNK = 512

const upTo = (count: number, multiple: number): number => multiple * Math.ceil(count / multiple)

/** Rows in single precision, [rows, dim], twice more in panels, and places for their products. */
export interface SingleRows {
  readonly rows: number
  readonly dim: number
  readonly team: Team | undefined
  readonly memory: SingleMemory
  /** [rows, dim] */
  readonly unit: Float32Array
  /** Eight rows a panel: [panels, dim, 8]. Rows behind the last are 0. */
  readonly crossed: Float32Array
  /** Eight columns a panel: [panels, rows, 8]. Columns behind the last are 0. */
  readonly columns: Float32Array
  /** Sums of chunks: [chunks, rows, rows], both numbers of rows rounded up. */
  readonly sums: Float32Array
  /** Weights of rows, [rows, rows], the first number rounded up. */
  readonly weights: Float32Array
  /** Weighted sums of rows, [rows, dim], both rounded up. */
  readonly weighted: Float32Array
}

/** Memory for a batch; undefined if it would be too large. Its content is whatever was there. */
export const singleRows = (rows: number, dim: number, team: Team | undefined): SingleRows | undefined => {
  const [tall, wide, deep] = [upTo(rows, ROWS), upTo(rows, COLUMNS), upTo(dim, COLUMNS)]
  const sizes = {
    unit: tall * dim,
    crossed: wide * dim,
    columns: rows * deep,
    sums: Math.ceil(dim / CHUNK) * tall * wide,
    weights: tall * rows,
    weighted: tall * deep
  }
  const memory = singleMemory(
    team,
    Object.values(sizes).reduce((sum, size) => sum + upTo(size, 4), 0)
  )
  if (memory === undefined) return undefined
  let taken = 0
  const take = (size: number) => {
    const part = memory.floats.subarray(taken, taken + size)
    taken += upTo(size, 4)
    return part
  }
  const [unit, crossed, columns] = [take(sizes.unit), take(sizes.crossed), take(sizes.columns)]
  const [sums, weights, weighted] = [take(sizes.sums), take(sizes.weights), take(sizes.weighted)]
  return { rows, dim, team, memory, unit, crossed, columns, sums, weights, weighted }
}

/** Rows and their panels. */
export type Panels = Pick<SingleRows, "columns" | "crossed" | "dim" | "rows" | "unit">

/** Rows and panels as threads receive them. */
export const enterable = ({ columns, crossed, dim, rows, unit }: SingleRows): Panels => ({
  ...{ columns, crossed, dim, rows, unit }
})

/** Number of panels of rows. */
export const panelsOf = (rows: number): number => Math.ceil(rows / COLUMNS)

/** Copies a panel of rows from `unit` into a panel whose terms lie one behind the other. */
const cross = ({ crossed, dim, rows, unit }: Panels, panel: number): void => {
  const base = panel * COLUMNS * dim
  const present = Math.min(COLUMNS, rows - panel * COLUMNS)
  // Two rows at a time are read from the nearest cache.
  for (let lane = 0; lane < COLUMNS; lane += 2) {
    const [one, other] = [base + lane * dim, base + (lane + 1) * dim]
    const [hasOne, hasOther] = [lane < present, lane + 1 < present]
    for (let i = 0, at = base + lane; i < dim; i++, at += COLUMNS) {
      crossed[at] = hasOne ? unit[one + i] : 0
      crossed[at + 1] = hasOther ? unit[other + i] : 0
    }
  }
}

/** Copies a row from `unit` into the panels of its columns. */
const spread = ({ columns, dim, rows, unit }: Panels, row: number): void => {
  const base = row * dim
  const whole = dim - (dim % COLUMNS)
  let at = row * COLUMNS
  for (let i = base; i < base + whole; i += COLUMNS, at += rows * COLUMNS) {
    columns[at] = unit[i]
    columns[at + 1] = unit[i + 1]
    columns[at + 2] = unit[i + 2]
    columns[at + 3] = unit[i + 3]
    columns[at + 4] = unit[i + 4]
    columns[at + 5] = unit[i + 5]
    columns[at + 6] = unit[i + 6]
    columns[at + 7] = unit[i + 7]
  }
  if (whole === dim) return
  for (let lane = 0; lane < COLUMNS; lane++) columns[at + lane] = whole + lane < dim ? unit[base + whole + lane] : 0
}

/** Changes each row of a panel in `unit`, and enters it. */
export const enterPanel = (panels: Panels, panel: number, change: (row: number) => void): void => {
  for (let row = panel * COLUMNS; row < Math.min(panels.rows, (panel + 1) * COLUMNS); row++) {
    change(row)
    spread(panels, row)
  }
  cross(panels, panel)
}

/** A product of rows and panels. Addresses and distances are in bytes. */
interface Product extends SharedMemory {
  readonly x: number
  readonly xBytes: number
  /** Number of tiles of rows. */
  readonly tiles: number
  readonly w: number
  readonly panelBytes: number
  readonly y: number
  readonly yBytes: number
  readonly terms: number
  /** Terms of one sum, and the distance of its results to the next ones. */
  readonly chunk: number
  readonly chunkBytes: number
  /** Whether products of a row with earlier ones are left out, except within a tile. */
  readonly half: boolean
}

/** Products of all rows with the columns of each panel. */
export const productPanels: Loop<Product> = {
  name: "single products",
  rows: (product) => {
    const tiles = tilesOf(product)
    const { chunk, chunkBytes, half, panelBytes, terms, w, x, xBytes, y, yBytes } = product
    return (from, to) => {
      for (let panel = from; panel < to; panel++) {
        const count = half ? Math.min(product.tiles, ((panel + 1) * COLUMNS) / ROWS) : product.tiles
        for (let first = 0, place = y; first < terms; first += chunk, place += chunkBytes) {
          const factors = w + panel * panelBytes + 4 * COLUMNS * first
          const size = Math.min(chunk, terms - first)
          tiles(x + 4 * first, xBytes, count, factors, place + 4 * COLUMNS * panel, yBytes, size)
        }
      }
    }
  }
}

/** Multiplies rows, [anchors, terms] from address `x`, with `panels` panels from address `w`; results go to address `y`. */
const multiplied = (
  { memory: { id, memory }, team }: SingleRows,
  {
    anchors,
    panels,
    ...product
  }: Omit<Product, "id" | "memory" | "tiles"> & Readonly<Record<"anchors" | "panels", number>>
): void => everyRow(team, productPanels, { ...product, id, memory, tiles: Math.ceil(anchors / ROWS) }, panels)

/** Rows that are compared: the first `anchors` rows with `count` rows from row `first`, a multiple of 8. */
export interface Compared {
  readonly anchors: number
  readonly first: number
  readonly count: number
}

/** All rows with all rows, or the first ones with all. */
const everything = (rows: number, anchors: number): Compared => ({ anchors, first: 0, count: rows })

/** Fills `sums` with inner products in chunks of terms. @returns the number of columns and the size of a chunk's results */
const fillSums = (given: SingleRows, { anchors, count, first }: Compared, half: boolean) => {
  const { crossed, dim, sums, unit } = given
  const wide = upTo(count, COLUMNS)
  const size = upTo(anchors, ROWS) * wide
  const panelBytes = 4 * COLUMNS * dim
  multiplied(given, {
    ...{ anchors, panels: panelsOf(count), half, x: unit.byteOffset, xBytes: 4 * dim, panelBytes },
    ...{ w: crossed.byteOffset + (first / COLUMNS) * panelBytes, y: sums.byteOffset, yBytes: 4 * wide },
    ...{ terms: dim, chunk: CHUNK, chunkBytes: 4 * size }
  })
  return { wide, size, end: Math.ceil(dim / CHUNK) * size }
}

/** Inner products of some rows with others, [anchors, count]. */
export const productsBetween = (given: SingleRows, compared: Compared): Float64Array => {
  const { anchors, count } = compared
  const { end, size, wide } = fillSums(given, compared, false)
  const S = new Float64Array(anchors * count)
  for (let q = 0; q < anchors; q++) {
    for (let c = 0; c < count; c++) {
      for (let at = q * wide + c; at < end; at += size) S[q * count + c] += given.sums[at]
    }
  }
  return S
}

/**
 * Inner products of the first rows with all rows, [anchors, rows].
 *
 * @param anchors number of first rows
 */
export const singleProducts = (given: SingleRows, anchors: number): Float64Array => {
  const { rows, sums, team } = given
  const { end, size, wide } = fillSums(given, everything(rows, anchors), true)
  const S = numbers(team, "S", anchors * rows)
  for (let q = 0; q < anchors; q++) {
    for (let a = q; a < rows; a++) {
      let sum = 0
      for (let at = q * wide + a; at < end; at += size) sum += sums[at]
      S[q * rows + a] = sum
      if (a < anchors) S[a * rows + q] = sum
    }
  }
  return S
}

/** Values from one row of `weighted` to the next. */
export const weightedStride = (dim: number): number => upTo(dim, COLUMNS)

/** Fills rows of `weighted` from row `to` with sums of the rows from row `first`, weighted by `weights` [anchors, count]. */
const weigh = (given: SingleRows, { anchors, count, first }: Compared, to: number): void => {
  const { columns, dim, rows, weighted, weights } = given
  const stride = weightedStride(dim)
  weights.fill(0, anchors * count, upTo(anchors, ROWS) * count)
  multiplied(given, {
    ...{ anchors, panels: panelsOf(dim), half: false, x: weights.byteOffset, xBytes: 4 * count },
    ...{ w: columns.byteOffset + 4 * COLUMNS * first, panelBytes: 4 * COLUMNS * rows },
    ...{ y: weighted.byteOffset + 4 * to * stride, yBytes: 4 * stride, terms: count, chunk: count, chunkBytes: 0 }
  })
}

/**
 * Writes the slopes of both orders of the pairs of row q, for the first rows as anchors.
 *
 * @param dS dL/dS, [anchors, rows]
 */
export const slopesOf = (
  dS: Float64Array,
  { anchors, rows }: Readonly<Record<"anchors" | "rows", number>>,
  q: number,
  weights: Float32Array | Float64Array
): void => {
  for (let a = 0; a < anchors; a++) weights[a] = dS[q * rows + a] + dS[a * rows + q]
  for (let a = anchors; a < rows; a++) weights[a] = dS[q * rows + a]
}

/**
 * Fills `weighted` with dL/dE of the first rows, from dL/dS with S = E E^T.
 *
 * @param dS [anchors, rows]
 */
export const singleGradient = (given: SingleRows, dS: Float64Array, anchors: number): void => {
  const { rows, weights } = given
  for (let q = 0; q < anchors; q++) slopesOf(dS, { anchors, rows }, q, weights.subarray(q * rows, (q + 1) * rows))
  weigh(given, everything(rows, anchors), 0)
}

/**
 * Fills `weighted` with dL/dE of both groups of rows, from dL/dS of the products between them.
 *
 * @param dS [anchors, count]
 */
export const gradientBetween = (given: SingleRows, dS: Float64Array, compared: Compared): void => {
  const { anchors, count, first } = compared
  const { weights } = given
  weights.set(dS)
  weigh(given, compared, 0)
  for (let c = 0; c < count; c++) for (let q = 0; q < anchors; q++) weights[c * anchors + q] = dS[q * count + c]
  weigh(given, { anchors: count, first: 0, count: anchors }, first)
}
