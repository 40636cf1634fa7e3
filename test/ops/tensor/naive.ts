/** The operations of the engine once more: plain loops in float64, written from their definitions. */
import type { ConvOptions, Padding, PoolOptions, Sides } from "../../../src/ops/tensor/geometry.ts"

export interface Grid {
  readonly shape: ReadonlyArray<number>
  readonly data: Float64Array
}

export const grid = (shape: ReadonlyArray<number>, value: (i: number) => number = () => 0): Grid => ({
  shape,
  data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i))
})

/** gamma (x - mean) / sqrt(variance + epsilon) + beta by given statistics, x [..., C], then ReLU if asked. */
export const normalise = (
  x: Grid,
  [gamma, beta, mean, variance]: ReadonlyArray<Grid>,
  relu: boolean,
  epsilon: number
): Grid => {
  const channels = gamma.data.length
  return grid(x.shape, (i) => {
    const c = i % channels
    const y = (gamma.data[c] * (x.data[i] - mean.data[c])) / Math.sqrt(variance.data[c] + epsilon) + beta.data[c]
    return relu ? Math.max(0, y) : y
  })
}

const at = (shape: ReadonlyArray<number>, ...index: ReadonlyArray<number>): number =>
  index.reduce((offset, i, axis) => offset * shape[axis] + i, 0)

/** Calls `visit` with the offsets of every product that a convolution sums. */
const products = (
  x: ReadonlyArray<number>,
  w: ReadonlyArray<number>,
  y: ReadonlyArray<number>,
  { stride, padding, dilation, groups = 1 }: ConvOptions,
  visit: (x: number, w: number, y: number) => void
): void => {
  const [top, , left] = sides(padding)
  for (let n = 0; n < y[0]; n++)
    for (let i = 0; i < y[1]; i++)
      for (let j = 0; j < y[2]; j++)
        for (let a = 0; a < w[0]; a++)
          for (let b = 0; b < w[1]; b++) {
            const row = i * stride - top + a * dilation
            const column = j * stride - left + b * dilation
            if (row < 0 || row >= x[1] || column < 0 || column >= x[2]) continue
            for (let c = 0; c < w[2]; c++)
              for (let o = 0; o < w[3]; o++) {
                const group = Math.floor((o * groups) / w[3])
                visit(at(x, n, row, column, group * w[2] + c), at(w, a, b, c, o), at(y, n, i, j, o))
              }
          }
}

const sides = (padding: Padding): Sides =>
  typeof padding === "number" ? [padding, padding, padding, padding] : padding

const length = (axis: 0 | 1, n: number, k: number, { stride, padding, dilation }: ConvOptions) => {
  const around = sides(padding)
  return Math.floor((n + around[2 * axis] + around[2 * axis + 1] - dilation * (k - 1) - 1) / stride) + 1
}

export const conv = (x: Grid, w: Grid, options: ConvOptions): Grid => {
  const y = grid([
    x.shape[0],
    length(0, x.shape[1], w.shape[0], options),
    length(1, x.shape[2], w.shape[1], options),
    w.shape[3]
  ])
  products(x.shape, w.shape, y.shape, options, (i, k, o) => {
    y.data[o] += x.data[i] * w.data[k]
  })
  return y
}

export const convGradients = (x: Grid, w: Grid, dy: Grid, options: ConvOptions): { dx: Grid; dw: Grid } => {
  const dx = grid(x.shape)
  const dw = grid(w.shape)
  products(x.shape, w.shape, dy.shape, options, (i, k, o) => {
    dx.data[i] += dy.data[o] * w.data[k]
    dw.data[k] += dy.data[o] * x.data[i]
  })
  return { dx, dw }
}

export const maxPool = (x: Grid, { size, stride, padding }: PoolOptions, dy?: Grid): { y: Grid; dx: Grid } => {
  const options = { stride, padding, dilation: 1 }
  const [N, H, W, C] = x.shape
  const [top, , left] = sides(padding)
  const y = grid([N, length(0, H, size, options), length(1, W, size, options), C])
  const dx = grid(x.shape)
  for (let n = 0; n < N; n++)
    for (let i = 0; i < y.shape[1]; i++)
      for (let j = 0; j < y.shape[2]; j++)
        for (let c = 0; c < C; c++) {
          let best = -1
          for (let a = 0; a < size; a++)
            for (let b = 0; b < size; b++) {
              const row = i * stride - top + a
              const column = j * stride - left + b
              if (row < 0 || row >= H || column < 0 || column >= W) continue
              const here = at(x.shape, n, row, column, c)
              if (best < 0 || x.data[here] > x.data[best]) best = here
            }
          const out = at(y.shape, n, i, j, c)
          y.data[out] = x.data[best]
          if (dy !== undefined) dx.data[best] += dy.data[out]
        }
  return { y, dx }
}

/** Batch norm in training, from its definition; the gradient by the chain rule through mean and variance. */
export const batchNorm = (x: Grid, gamma: Grid, beta: Grid, relu: boolean, dy: Grid, epsilon = 1e-5) => {
  const C = gamma.data.length
  const n = x.data.length / C
  const mean = grid([C])
  const variance = grid([C])
  for (let i = 0; i < x.data.length; i++) mean.data[i % C] += x.data[i] / n
  for (let i = 0; i < x.data.length; i++) variance.data[i % C] += (x.data[i] - mean.data[i % C]) ** 2 / n
  const y = grid(x.shape, (i) => {
    const c = i % C
    const value = (gamma.data[c] * (x.data[i] - mean.data[c])) / Math.sqrt(variance.data[c] + epsilon) + beta.data[c]
    return relu ? Math.max(0, value) : value
  })
  const g = grid(x.shape, (i) => (relu && y.data[i] <= 0 ? 0 : dy.data[i]))
  const [dgamma, dbeta, dmean, dvariance] = [grid([C]), grid([C]), grid([C]), grid([C])]
  for (let i = 0; i < x.data.length; i++) {
    const c = i % C
    const centred = x.data[i] - mean.data[c]
    const deviation = Math.sqrt(variance.data[c] + epsilon)
    dbeta.data[c] += g.data[i]
    dgamma.data[c] += (g.data[i] * centred) / deviation
    dmean.data[c] -= (g.data[i] * gamma.data[c]) / deviation
    dvariance.data[c] -= (0.5 * g.data[i] * gamma.data[c] * centred) / deviation ** 3
  }
  const dx = grid(x.shape, (i) => {
    const c = i % C
    const direct = (g.data[i] * gamma.data[c]) / Math.sqrt(variance.data[c] + epsilon)
    return direct + dmean.data[c] / n + (dvariance.data[c] * 2 * (x.data[i] - mean.data[c])) / n
  })
  const unbiased = grid([C], (c) => (variance.data[c] * n) / (n - 1))
  return { y, dx, dgamma, dbeta, mean, unbiased }
}
