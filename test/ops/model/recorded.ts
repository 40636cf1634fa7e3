/** The recorded networks: their weights and inputs by rule, and how outputs are compared. */
import { expect } from "vitest"
import type { NamedArray } from "../../../src/ops/elements.ts"
import type { Parameter } from "../../../src/ops/model/layers/layer.ts"
import type { ReferenceArray } from "../../reference.ts"

export const crc32 = (text: string): number => {
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, n) => product * n, 1)

/** How a value of an array depends on a number u between -1 and 1. */
const ruleOf = (key: string, shape: ReadonlyArray<number>, G: number): ((u: number) => number) => {
  const [owner, last] = key.split(".").slice(-2)
  if (last === "gamma" || key === "gamma") return () => 0.3
  if (last === "p" || key.endsWith(".p")) return () => 3
  if (last === "running_mean" || last === "bias") return (u) => 0.05 * u
  if (last === "running_var") return (u) => 1 + 0.2 * u
  if (shape.length === 1) return (u) => (owner === "bn3" ? 0.3 : 1) * (1 + 0.1 * u)
  const spread = Math.sqrt(G / sizeOf(shape.slice(1)))
  return (u) => spread * u
}

/** The rule by which the recorded networks got their weights, from name and shape alone. */
export const ruled = (
  { name, shape }: Pick<Parameter, "name" | "shape">,
  { seed, G }: { readonly seed: number; readonly G: number }
): NamedArray & { readonly data: Float32Array } => {
  const base = crc32(`${seed}:${name}`)
  const rule = ruleOf(name, shape, G)
  const data = new Float32Array(sizeOf(shape))
  for (let i = 0; i < data.length; i++) {
    let x = (base + Math.imul(i, 0x9e3779b9)) >>> 0
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
    data[i] = rule((((x ^ (x >>> 16)) >>> 0) + 0.5) / 2 ** 31 - 1)
  }
  return { name, shape, data }
}

/** The recorded input at one flat index of its [n, c, h, w]. */
export const inputAt = (i: number, phase: number): number =>
  0.5 * Math.sin(0.05 * i + phase) + 0.3 * Math.cos(0.011 * i)

/** [n, c, h, w] to [n, h, w, c]; other shapes as they are. */
export const channelsLast = (values: ArrayLike<number>, shape: ReadonlyArray<number>): Float32Array => {
  if (shape.length !== 4) return Float32Array.from(values)
  const [, C, H, W] = shape
  const made = new Float32Array(values.length)
  for (let i = 0; i < made.length; i++) {
    const [n, c, pixel] = [Math.floor(i / (C * H * W)), Math.floor(i / (H * W)) % C, i % (H * W)]
    made[(n * H * W + pixel) * C + c] = values[i]
  }
  return made
}

/** [n, h, w, c] to [n, c, h, w], `shape` being the latter; other shapes as they are. */
export const channelsFirst = (values: Float32Array, shape: ReadonlyArray<number>): Float32Array => {
  if (shape.length !== 4) return values
  const order = channelsLast(Float64Array.from(values, (_, i) => i) as never, shape)
  const made = new Float32Array(values.length)
  // `order[at]` is where the value at `at` belongs. Float32 holds it exactly: maps are small.
  order.forEach((to, at) => {
    made[to] = values[at]
  })
  return made
}

/** The recorded input of a shape, in the engine's layout. */
export const recordedInput = (shape: ReadonlyArray<number>, phase: number): Float32Array =>
  channelsLast(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => inputAt(i, phase)),
    shape
  )

/** Absolute error at most 1e-4 of the largest value, or of `scale`. */
export const near = (
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  scale = Math.max(...Array.from(expected, Math.abs))
): void => {
  expect(got.length).toBe(expected.length)
  let worst = 0
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i] - expected[i])
    worst = error > worst || Number.isNaN(error) ? error : worst
  }
  expect(worst).toBeLessThanOrEqual(1e-4 * scale)
}

/** What is recorded of a feature map, [n, c, h, w]. */
export interface RecordedMap {
  readonly shape: ReadonlyArray<number>
  readonly mean: number
  readonly std: number
  readonly min: number
  readonly max: number
  readonly samples: ReadonlyArray<number>
}

/** @param values in the engine's layout */
export const nearMap = (values: Float32Array, { shape, mean, std, min, max, samples }: RecordedMap): void => {
  const map = channelsFirst(values, shape)
  expect(map.length).toBe(sizeOf(shape))
  const scale = Math.max(Math.abs(min), Math.abs(max))
  near(
    samples.map((_, j) => map[Math.floor((j * map.length) / samples.length)]),
    samples,
    scale
  )
  let [sum, least, most] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of map) {
    sum += value
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  const average = sum / map.length
  const variance = map.reduce((total, value) => total + (value - average) ** 2, 0) / map.length
  near([least, most], [min, max], scale)
  near([average], [mean], std)
  near([Math.sqrt(variance)], [std])
}

export const norm = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

/** Vectors of which the first entries are recorded, and what sums there are. */
export interface RecordedRows {
  readonly dim: number
  readonly first: ReferenceArray
  readonly l2: ReadonlyArray<number>
  readonly sum: ReadonlyArray<number>
  readonly l1: ReadonlyArray<number>
}

export const nearRows = (values: Float32Array, { dim, first, l2, sum, l1 }: RecordedRows): void => {
  const rows = l2.map((_, n) => values.subarray(n * dim, (n + 1) * dim))
  expect(values.length).toBe(dim * l2.length)
  near(
    rows.flatMap((row) => [...row.subarray(0, first.shape[1])]),
    first.data
  )
  rows.forEach((row, n) => {
    near([norm(row)], [l2[n]])
    near([row.reduce((total, x) => total + Math.abs(x), 0)], [l1[n]])
    near([row.reduce((total, x) => total + x, 0)], [sum[n]], l1[n])
  })
}

const bits = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength)

/** Whether two arrays hold the same bits. */
export const sameBits = (a: ArrayBufferView, b: ArrayBufferView): boolean => bits(a).equals(bits(b))
