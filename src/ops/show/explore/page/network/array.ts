/** Arrays with a shape: the tensors of the page's own network. */
import type { Tensor } from "../../../../tensor/tfjs.ts"

/** float32 values, row-major. */
export interface Plain {
  readonly shape: ReadonlyArray<number>
  readonly values: Float32Array
}

/** Networks are written for tensors; in the page all of them are plain arrays. */
export const plain = (tensor: Tensor): Plain => tensor as unknown as Plain
export const tensor = (shape: ReadonlyArray<number>, values: Float32Array): Tensor =>
  ({ shape, values }) satisfies Plain as unknown as Tensor

export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, n) => product * n, 1)

/** Applies a function to every value. */
export const mapped = (x: Tensor, of: (value: number) => number): Tensor => {
  const { shape, values } = plain(x)
  return tensor(shape, values.map(of))
}

/** Shape of two arrays together, axes aligned at the end; axes of length 1 are repeated. */
const commonShape = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): ReadonlyArray<number> => {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1]
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`shapes [${a}] and [${b}] do not fit`)
    return Math.max(x, y)
  })
}

/** Steps in the values per axis of the common shape; 0 where an axis is repeated. */
const strides = (shape: ReadonlyArray<number>, rank: number): ReadonlyArray<number> => {
  let step = 1
  const own = shape.toReversed().map((n) => {
    const stride = n === 1 ? 0 : step
    step *= n
    return stride
  })
  return Array.from({ length: rank }, (_, i) => own[i] ?? 0).toReversed()
}

/** Applies a function to pairs of values. */
export const paired = (x: Tensor, y: Tensor, of: (a: number, b: number) => number): Tensor => {
  const [a, b] = [plain(x), plain(y)]
  const shape = commonShape(a.shape, b.shape)
  const [sa, sb] = [strides(a.shape, shape.length), strides(b.shape, shape.length)]
  const values = new Float32Array(sizeOf(shape))
  const at = shape.map(() => 0)
  let [i, j] = [0, 0]
  for (let to = 0; to < values.length; to++) {
    values[to] = of(a.values[i], b.values[j])
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]++
      i += sa[axis]
      j += sb[axis]
      if (at[axis] < shape[axis]) break
      i -= sa[axis] * shape[axis]
      j -= sb[axis] * shape[axis]
      at[axis] = 0
    }
  }
  return tensor(shape, values)
}

/** Reduces some axes, whose lengths become 1. `start` is the value before the first. */
export const reduced = (
  x: Tensor,
  axes: ReadonlyArray<number>,
  start: number,
  of: (sum: number, value: number) => number
): Tensor => {
  const { shape, values } = plain(x)
  const kept = shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
  const steps = strides(kept, shape.length)
  const out = new Float64Array(sizeOf(kept)).fill(start)
  const at = shape.map(() => 0)
  let to = 0
  for (let from = 0; from < values.length; from++) {
    out[to] = of(out[to], values[from])
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]++
      to += steps[axis]
      if (at[axis] < shape[axis]) break
      to -= steps[axis] * shape[axis]
      at[axis] = 0
    }
  }
  return tensor(kept, Float32Array.from(out))
}

/** Number of values along some axes. */
export const along = (x: Tensor, axes: ReadonlyArray<number>): number =>
  sizeOf(axes.map((axis) => plain(x).shape[axis]))
