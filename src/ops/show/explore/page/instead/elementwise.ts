/** Takes the place of `tensor/elementwise.ts` in the page: the same operations on plain arrays, without gradients. */
import type { Tensor } from "../../../../tensor/tfjs.ts"
import { along, mapped, paired, plain, reduced, sizeOf, tensor } from "../network/array.ts"

export const plus = (a: Tensor, b: Tensor): Tensor => paired(a, b, (x, y) => x + y)
export const times = (a: Tensor, b: Tensor): Tensor => paired(a, b, (x, y) => x * y)

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
export const sigmoid = (x: Tensor): Tensor => mapped(x, logistic)
export const swish = (x: Tensor): Tensor => mapped(x, (value) => value * logistic(value))

const largest = (x: Tensor, axes: ReadonlyArray<number>): Tensor =>
  reduced(x, axes, Number.NEGATIVE_INFINITY, (a, b) => (b > a ? b : a))
const mean = (x: Tensor, axes: ReadonlyArray<number>): Tensor => {
  const n = along(x, axes)
  return mapped(
    reduced(x, axes, 0, (a, b) => a + b),
    (sum) => sum / n
  )
}
const lastOf = (x: Tensor): ReadonlyArray<number> => [plain(x).shape.length - 1]

export const softmax = (x: Tensor): Tensor => {
  const powers = paired(x, largest(x, lastOf(x)), (value, most) => Math.exp(value - most))
  const sums = reduced(powers, lastOf(x), 0, (a, b) => a + b)
  return paired(powers, sums, (value, sum) => value / sum)
}
export const spatialMean = (x: Tensor): Tensor => mean(x, [1, 2])
export const spatialMax = (x: Tensor): Tensor => largest(x, [1, 2])
export const channelMaxAndMean = (x: Tensor): Tensor => concat([largest(x, [3]), mean(x, [3])], 3)
export const generalisedMean = (x: Tensor, p: Tensor, floor: number): Tensor => {
  const [power] = plain(p).values
  const raised = mapped(x, (value) => Math.max(value, floor) ** power)
  return mapped(spatialMean(raised), (value) => value ** (1 / power))
}
export const belowMax = (x: Tensor): Tensor => paired(largest(x, lastOf(x)), x, (most, value) => most - value)

/** One length may be -1: it follows from the others. */
export const reshape = (x: Tensor, shape: ReadonlyArray<number>): Tensor => {
  const { values } = plain(x)
  const known = sizeOf(shape.filter((n) => n >= 0))
  return tensor(
    shape.map((n) => (n < 0 ? values.length / known : n)),
    values
  )
}

export const concat = (parts: ReadonlyArray<Tensor>, axis: number): Tensor => {
  const all = parts.map(plain)
  const shape = all[0].shape.map((n, i) => (i === axis ? all.reduce((sum, one) => sum + one.shape[axis], 0) : n))
  const outer = sizeOf(shape.slice(0, axis))
  const widths = all.map((one) => sizeOf(one.shape.slice(axis)))
  const values = new Float32Array(sizeOf(shape))
  let to = 0
  for (let i = 0; i < outer; i++)
    all.forEach((one, p) => {
      values.set(one.values.subarray(i * widths[p], (i + 1) * widths[p]), to)
      to += widths[p]
    })
  return tensor(shape, values)
}

export const slice = (x: Tensor, begin: ReadonlyArray<number>, size: ReadonlyArray<number>): Tensor => {
  const { shape, values } = plain(x)
  const out = new Float32Array(sizeOf(size))
  let to = 0
  const copy = (axis: number, from: number) => {
    const inner = sizeOf(shape.slice(axis + 1))
    for (let i = begin[axis]; i < begin[axis] + size[axis]; i++) {
      if (axis === shape.length - 1) out[to++] = values[from + i]
      else copy(axis + 1, from + i * inner)
    }
  }
  copy(0, 0)
  return tensor(size, out)
}

export const batchMatMul = (
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}
): Tensor => {
  const [x, y] = [plain(a), plain(b)]
  const [n, ar, ac] = x.shape
  const [, br, bc] = y.shape
  const [rows, inner, columns] = [transposeA ? ac : ar, transposeA ? ar : ac, transposeB ? br : bc]
  const out = new Float32Array(n * rows * columns)
  for (let batch = 0, to = 0; batch < n; batch++) {
    const [xa, yb] = [batch * ar * ac, batch * br * bc]
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++, to++) {
        let sum = 0
        for (let k = 0; k < inner; k++)
          sum +=
            x.values[xa + (transposeA ? k * ac + i : i * ac + k)] *
            y.values[yb + (transposeB ? j * bc + k : k * bc + j)]
        out[to] = sum
      }
  }
  return tensor([n, rows, columns], out)
}
