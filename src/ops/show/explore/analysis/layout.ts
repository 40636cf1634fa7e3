/**
 * Places images in the plane by PCA (Hotelling 1933) and by UMAP (McInnes, Healy and Melville 2018) of the first 32 axes. UMAP
 * is fitted to at most 1,500 drawn images; every other image is placed between its three nearest drawn images. The same seed
 * gives the same places. Runs in worker threads.
 */
import umap from "umap-js"
import { random } from "../../../../pipeline/random.ts"
import { axesOf } from "../../../retrieve/pca/axes.ts"
import type { Labelled } from "./queries.ts"

/** Largest matrix whose axes are computed; its cost grows with the cube. */
const MOST = 512
/** Images that the axes are fitted to. */
const FITTED = 5_000
/** Images that UMAP is fitted to: 20,000 take a minute and more than 1 GB. */
const LEARNT = 1_500
/** Dimensions that UMAP sees. */
const SEEN = 32
const NEIGHBOURS = 15

export interface Layout {
  /** uint16 [count, 2], each axis from 0 to 65535. */
  readonly pca: Uint16Array
  readonly umap: Uint16Array | undefined
  /** Share of the variance of the images that both axes of PCA have. */
  readonly explained: number
  /** Images that UMAP was fitted to. */
  readonly fitted: number
}

/** Coordinates [n, width] by the first two columns, stretched to the whole range; both axes by one factor. */
export const stretched = (values: Float32Array, width: number): Uint16Array => {
  const count = values.length / width
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < count; i++)
    for (let axis = 0; axis < 2; axis++) {
      const value = axis < width ? values[i * width + axis] : 0
      low[axis] = Math.min(low[axis], value)
      high[axis] = Math.max(high[axis], value)
    }
  const range = Math.max(high[0] - low[0], high[1] - low[1]) || 1
  const out = new Uint16Array(count * 2)
  for (let i = 0; i < count; i++)
    for (let axis = 0; axis < 2; axis++) {
      const value = axis < width ? values[i * width + axis] : 0
      const middle = (low[axis] + high[axis]) / 2
      out[2 * i + axis] = Math.round(65535 * (0.5 + (value - middle) / range))
    }
  return out
}

const meanOf = ({ dim, rows }: Labelled, images: Int32Array): Float64Array => {
  const mean = new Float64Array(dim)
  for (const image of images) for (let k = 0; k < dim; k++) mean[k] += rows[image * dim + k]
  return mean.map((sum) => sum / images.length)
}

/** Covariance of images, or, for long vectors, of `MOST` images the inner products, whose axes lead to the same directions. */
const axes = (all: Labelled, images: Int32Array, keep: number) => {
  const { dim, rows } = all
  const mean = meanOf(all, images)
  const gram = dim > MOST
  const some = gram ? images.subarray(0, MOST) : images
  const centred = Float64Array.from({ length: some.length * dim }, (_, i) => {
    const k = i % dim
    return rows[some[(i - k) / dim] * dim + k] - mean[k]
  })
  const size = gram ? some.length : dim
  const matrix = new Float64Array(size * size)
  const [outer, inner] = gram ? [some.length, dim] : [dim, some.length]
  for (let a = 0; a < outer; a++)
    for (let b = a; b < outer; b++) {
      let sum = 0
      for (let i = 0; i < inner; i++)
        sum += gram ? centred[a * dim + i] * centred[b * dim + i] : centred[i * dim + a] * centred[i * dim + b]
      matrix[a * size + b] = sum
      matrix[b * size + a] = sum
    }
  const kept = Math.min(keep, size)
  const { components, variances } = axesOf(matrix, kept)
  const total = variances.reduce((sum, one) => sum + Math.max(0, one), 0)
  const explained = total === 0 ? 0 : (Math.max(0, variances[0]) + Math.max(0, variances[1] ?? 0)) / total
  const directions = gram ? fromGram(components, centred, some.length, dim, kept) : components
  return { mean, directions, kept, explained }
}

/** Directions of length 1 from the axes of inner products. */
const fromGram = (components: Float64Array, centred: Float64Array, count: number, dim: number, kept: number) => {
  const out = new Float64Array(kept * dim)
  for (let axis = 0; axis < kept; axis++) {
    const direction = out.subarray(axis * dim, (axis + 1) * dim)
    for (let i = 0; i < count; i++)
      for (let k = 0; k < dim; k++) direction[k] += components[axis * count + i] * centred[i * dim + k]
    const length = Math.sqrt(direction.reduce((sum, one) => sum + one * one, 0))
    if (length > 0) for (let k = 0; k < dim; k++) direction[k] /= length
  }
  return out
}

/** All images along the first axes, float32 [count, kept]. */
const projected = ({ count, dim, rows }: Labelled, { directions, kept, mean }: ReturnType<typeof axes>) => {
  const out = new Float32Array(new SharedArrayBuffer(4 * count * kept))
  for (let row = 0; row < count; row++)
    for (let axis = 0; axis < kept; axis++) {
      let sum = 0
      for (let k = 0; k < dim; k++) sum += directions[axis * dim + k] * (rows[row * dim + k] - mean[k])
      out[row * kept + axis] = sum
    }
  return out
}

/** The mean place of the three nearest fitted images, by the inverse of their distances. */
const placed = (
  values: Float32Array,
  width: number,
  image: number,
  fitted: Int32Array,
  places: ReadonlyArray<ReadonlyArray<number>>
): readonly [number, number] => {
  const near = [-1, -1, -1]
  const distance = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let i = 0; i < fitted.length; i++) {
    let sum = 0
    for (let k = 0; k < width && sum < distance[2]; k++) {
      const difference = values[image * width + k] - values[fitted[i] * width + k]
      sum += difference * difference
    }
    if (sum >= distance[2]) continue
    const at = sum < distance[0] ? 0 : sum < distance[1] ? 1 : 2
    near.splice(at, 0, i)
    distance.splice(at, 0, sum)
    near.length = 3
    distance.length = 3
  }
  let [x, y, total] = [0, 0, 0]
  near.forEach((i, at) => {
    if (i < 0) return
    const weight = 1 / (Math.sqrt(distance[at]) + 1e-9)
    x += weight * places[i][0]
    y += weight * places[i][1]
    total += weight
  })
  return [x / total, y / total]
}

/** PCA of all images, and UMAP of the images that it was fitted to. */
export interface Beginning {
  readonly explained: number
  /** All images along the first axes, float32 [count, width], in shared memory. */
  readonly values: Float32Array
  readonly width: number
  /** Images that UMAP was fitted to, and their places; empty without UMAP. */
  readonly fitted: Int32Array
  readonly places: ReadonlyArray<ReadonlyArray<number>>
}

/**
 * Computes the axes, and fits UMAP to drawn images.
 *
 * @param withUmap whether UMAP is computed; it needs at least 8 images
 */
export const beginning = (all: Labelled, seed: number, withUmap: boolean): Beginning => {
  const order = random(seed, 0, 0, "layout").permutation(all.count)
  const found = axes(all, order.subarray(0, FITTED), SEEN)
  const values = projected(all, found)
  const { explained, kept: width } = found
  if (!withUmap || all.count < 8) return { explained, values, width, fitted: new Int32Array(0), places: [] }
  const fitted = order.slice(0, LEARNT)
  const points = Array.from(fitted, (image) => Array.from(values.subarray(image * width, (image + 1) * width)))
  const places = new umap.UMAP({
    nComponents: 2,
    nNeighbors: Math.min(NEIGHBOURS, points.length - 1),
    minDist: 0.15,
    random: random(seed, 0, 0, "umap").next
  }).fit(points)
  return { explained, values, width, fitted, places }
}

/** Places of images `from` to `to` on the map of UMAP, float32 [to - from, 2]. */
export const placesBetween = ({ fitted, places, values, width }: Beginning, from: number, to: number): Float32Array => {
  const known = new Map(Array.from(fitted, (image, i) => [image, i] as const))
  const out = new Float32Array((to - from) * 2)
  for (let image = from; image < to; image++) {
    const own = known.get(image)
    out.set(own === undefined ? placed(values, width, image, fitted, places) : places[own], (image - from) * 2)
  }
  return out
}

/**
 * Completes both maps.
 *
 * @param placed places of all images on the map of UMAP, float32 [count, 2]; empty without UMAP
 */
export const ended = ({ explained, fitted, values, width }: Beginning, placed: Float32Array): Layout => ({
  pca: stretched(values, width),
  umap: placed.length === 0 ? undefined : stretched(placed, 2),
  explained,
  fitted: fitted.length
})
