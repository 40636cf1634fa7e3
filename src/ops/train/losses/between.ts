/** Cosine similarities between the images of a batch and other vectors, and the gradients back to both. */
import { COLUMNS } from "../../formats/wasm-tiles.ts"
import { copied, type Directions, directedRows, directions, isLarge, teamFor, unitPanels } from "./cosine.ts"
import { everyRow, numbers } from "./every-row.ts"
import type { LossInput } from "./loss.ts"
import {
  type Compared,
  enterable,
  gradientBetween,
  panelsOf,
  productsBetween,
  type SingleRows,
  singleRows,
  weightedStride
} from "./single-rows.ts"
import { throughDirection } from "./terms.ts"

/** Similarities of images and vectors, [images, vectors], and the way back. */
export interface Between {
  readonly S: Float64Array
  /** From dL/dS to the derivatives with respect to raw images and raw vectors, in their shapes. */
  readonly back: (dS: Float64Array) => Readonly<Record<"images" | "vectors", Float32Array>>
}

const similaritiesOf = (x: Directions, p: Directions): Float64Array => {
  const S = new Float64Array(x.rows * p.rows)
  for (let i = 0; i < x.rows; i++) {
    for (let c = 0; c < p.rows; c++) {
      let sum = 0
      for (let d = 0; d < x.dim; d++) sum += x.unit[i * x.dim + d] * p.unit[c * x.dim + d]
      S[i * p.rows + c] = sum
    }
  }
  return S
}

/** @param slope derivative with respect to the similarity of one of the vectors and one of the others */
const gradientOf = (
  { dim, norms, rows, unit }: Directions,
  others: Directions,
  slope: (row: number, other: number) => number
): Float32Array => {
  const gradient = new Float32Array(unit.length)
  for (let row = 0; row < rows; row++) {
    const pull = new Float64Array(dim)
    for (let other = 0; other < others.rows; other++) {
      const weight = slope(row, other)
      if (weight !== 0) for (let d = 0; d < dim; d++) pull[d] += weight * others.unit[other * dim + d]
    }
    const own = Float64Array.from(unit.subarray(row * dim, (row + 1) * dim))
    gradient.set(throughDirection(pull, own, norms[row]), row * dim)
  }
  return gradient
}

/** In single precision: images and vectors are rows of one memory. */
const singleBetween = (
  single: SingleRows,
  values: Float32Array,
  vectors: Float32Array,
  compared: Compared
): Between => {
  const { dim, rows, team, unit, weighted } = single
  const norms = numbers(team, "norms", rows)
  unit.fill(0, values.length, compared.first * dim)
  unit.set(values)
  unit.set(vectors, compared.first * dim)
  everyRow(team, unitPanels, { ...enterable(single), norms }, panelsOf(rows))
  return {
    S: productsBetween(single, compared),
    back: (dS) => {
      gradientBetween(single, dS, compared)
      everyRow(team, directedRows, { dim, norms, stride: weightedStride(dim), unit, weighted }, rows)
      const { anchors, first } = compared
      return { images: copied(single, 0, anchors), vectors: copied(single, first, rows) }
    }
  }
}

/**
 * Cosine similarities of images with other vectors.
 *
 * @param vectors raw, [count, dim]
 */
export const cosinesBetween = (
  { rows, team: given, values }: Pick<LossInput, "rows" | "team" | "values">,
  vectors: Float32Array
): Between => {
  const dim = values.length / rows
  const count = vectors.length / dim
  const team = teamFor(rows, dim, given)
  const first = COLUMNS * panelsOf(rows)
  const single = isLarge(rows, dim) ? singleRows(first + count, dim, team) : undefined
  if (single !== undefined) return singleBetween(single, values, vectors, { anchors: rows, first, count })
  const [x, p] = [directions({ values, rows }), directions({ values: vectors, rows: count })]
  return {
    S: similaritiesOf(x, p),
    back: (dS) => ({
      images: gradientOf(x, p, (i, c) => dS[i * count + c]),
      vectors: gradientOf(p, x, (c, i) => dS[i * count + c])
    })
  }
}
