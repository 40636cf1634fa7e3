/** The operations of a forward pass in plain JavaScript, so that every network of the product runs in the page. */
import type { Engine } from "../../../../tensor/engine.ts"
import { convGeometry, outputLength, sidesOf } from "../../../../tensor/geometry.ts"
import { mapped, paired, plain, sizeOf, tensor } from "./array.ts"

const EPSILON = 1e-5

const relu = (value: number): number => (value > 0 ? value : 0)

/** Convolution by rows of filters: the innermost loop runs over output channels, which lie side by side. */
const conv2d: Engine["conv2d"] = (input, filter, options) => {
  const [x, w] = [plain(input), plain(filter)]
  const { C, H, KH, KW, N, O, OH, OW, W, dilation, groups, left, stride, top } = convGeometry(x.shape, w.shape, options)
  const [inGroup, outGroup] = [C / groups, O / groups]
  const out = new Float32Array(N * OH * OW * O)
  const sums = new Float64Array(outGroup)
  for (let n = 0, to = 0; n < N; n++)
    for (let i = 0; i < OH; i++)
      for (let j = 0; j < OW; j++, to += O)
        for (let group = 0; group < groups; group++) {
          sums.fill(0)
          for (let ky = 0; ky < KH; ky++) {
            const y = i * stride - top + ky * dilation
            if (y < 0 || y >= H) continue
            for (let kx = 0; kx < KW; kx++) {
              const z = j * stride - left + kx * dilation
              if (z < 0 || z >= W) continue
              const from = ((n * H + y) * W + z) * C + group * inGroup
              let row = (ky * KW + kx) * inGroup * O + group * outGroup
              for (let c = 0; c < inGroup; c++, row += O) {
                const value = x.values[from + c]
                if (value === 0) continue
                for (let o = 0; o < outGroup; o++) sums[o] += value * w.values[row + o]
              }
            }
          }
          for (let o = 0; o < outGroup; o++) out[to + group * outGroup + o] = sums[o]
        }
  return tensor([N, OH, OW, O], out)
}

const maxPool: Engine["maxPool"] = (input, { padding, size, stride }) => {
  const { shape, values } = plain(input)
  const [N, H, W, C] = shape
  const [top, bottom, left, right] = sidesOf(padding)
  const OH = outputLength(H + top + bottom, size, stride, 1)
  const OW = outputLength(W + left + right, size, stride, 1)
  const out = new Float32Array(N * OH * OW * C).fill(Number.NEGATIVE_INFINITY)
  for (let n = 0, to = 0; n < N; n++)
    for (let i = 0; i < OH; i++)
      for (let j = 0; j < OW; j++, to += C)
        for (let y = Math.max(0, i * stride - top); y < Math.min(H, i * stride - top + size); y++)
          for (let z = Math.max(0, j * stride - left); z < Math.min(W, j * stride - left + size); z++) {
            const from = ((n * H + y) * W + z) * C
            for (let c = 0; c < C; c++) if (values[from + c] > out[to + c]) out[to + c] = values[from + c]
          }
  return tensor([N, OH, OW, C], out)
}

const globalAveragePool: Engine["globalAveragePool"] = (input) => {
  const { shape, values } = plain(input)
  const [N, H, W, C] = shape
  const sums = new Float64Array(N * C)
  for (let n = 0, from = 0; n < N; n++)
    for (let pixel = 0; pixel < H * W; pixel++) for (let c = 0; c < C; c++, from++) sums[n * C + c] += values[from]
  return tensor(
    [N, C],
    Float32Array.from(sums, (sum) => sum / (H * W))
  )
}

/** scale[c] x + shift[c]. */
const scaled = (
  { shape, values }: ReturnType<typeof plain>,
  scale: (c: number, n: number) => readonly [scale: number, shift: number],
  rectified: boolean
) => {
  const C = shape[shape.length - 1]
  const image = values.length / shape[0]
  const out = new Float32Array(values.length)
  for (let n = 0; n < shape[0]; n++)
    for (let c = 0; c < C; c++) {
      const [a, b] = scale(c, n)
      for (let i = n * image + c; i < (n + 1) * image; i += C) {
        const value = a * values[i] + b
        out[i] = rectified && value < 0 ? 0 : value
      }
    }
  return tensor(shape, out)
}

const normalise: Engine["normalise"] = (input, given, { epsilon = EPSILON, relu: rectified }) => {
  const [beta, gamma, mean, variance] = [given.beta, given.gamma, given.mean, given.variance].map(
    (one) => plain(one).values
  )
  return scaled(
    plain(input),
    (c) => {
      const a = gamma[c] / Math.sqrt(variance[c] + epsilon)
      return [a, beta[c] - mean[c] * a]
    },
    rectified
  )
}

const instanceNorm: Engine["instanceNorm"] = (input, gamma, beta, { epsilon = EPSILON, relu: rectified }) => {
  const x = plain(input)
  const C = x.shape[3]
  const pixels = x.shape[1] * x.shape[2]
  const [scale, shift] = [plain(gamma).values, plain(beta).values]
  return scaled(
    x,
    (c, n) => {
      const from = n * pixels * C + c
      let [sum, squares] = [0, 0]
      for (let i = 0; i < pixels; i++) sum += x.values[from + i * C]
      const mean = sum / pixels
      for (let i = 0; i < pixels; i++) squares += (x.values[from + i * C] - mean) ** 2
      const a = scale[c] / Math.sqrt(squares / pixels + epsilon)
      return [a, shift[c] - mean * a]
    },
    rectified
  )
}

const matMul: Engine["matMul"] = (a, b) => {
  const [x, y] = [plain(a), plain(b)]
  const [[n, k], m] = [x.shape, y.shape[1]]
  const out = new Float32Array(n * m)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let sum = 0
      for (let l = 0; l < k; l++) sum += x.values[i * k + l] * y.values[l * m + j]
      out[i * m + j] = sum
    }
  return tensor([n, m], out)
}

const given: Engine["tensor"] = (values, shape) => {
  if (values.length !== sizeOf(shape)) throw new RangeError(`${values.length} values do not fit the shape [${shape}]`)
  return tensor(shape, values)
}

/** An engine for inference; it has no gradients, and memory is the browser's. */
export const plainEngine = {
  scope: (body: () => unknown) => body(),
  keep: (one: unknown) => one,
  dispose: () => undefined,
  tensor: given,
  copied: (values, shape) => given(values.slice(), shape),
  read: (one: Parameters<Engine["read"]>[0]) => plain(one).values,
  conv2d,
  maxPool,
  globalAveragePool,
  normalise,
  instanceNorm,
  matMul,
  relu: (x) => mapped(x, relu),
  addRelu: (a, b) => paired(a, b, (x, y) => relu(x + y))
} as Partial<Engine> as Engine
