/** The gradient of a convolution with respect to its filter, composed of kernels that every backend has. */
import { type ConvGeometry, isPointwise } from "./geometry.ts"
import { type Memory, reshaped, sizeOf } from "./memory.ts"
import type { Info } from "./tfjs.ts"

/** Gradient values per chunk. Chunks of this size stay in the cache; measured as the fastest on WebAssembly. */
const CHUNK_VALUES = 262_144
/** Pixels per chunk for a filter of 1x1. */
export const CHUNK_ROWS = 1024

/** Images per chunk for other filters. */
export const chunkImages = ({ N, OH, OW, O }: ConvGeometry): number =>
  Math.min(N, Math.max(1, Math.floor(CHUNK_VALUES / (OH * OW * O))))

const transposed = (memory: Memory, x: Info, perm: ReadonlyArray<number>): Info =>
  memory.kernel("Transpose", { x }, { perm: [...perm] })

/** Returns the sum of `sum` and `part` and frees both. */
const added = (memory: Memory, sum: Info | undefined, part: Info): Info => {
  if (sum === undefined) return part
  const total = memory.kernel("Add", { a: sum, b: part })
  memory.free(sum)
  memory.free(part)
  return total
}

const sliced = (memory: Memory, x: Info, size: ReadonlyArray<number>): Info => {
  if (x.shape.every((n, axis) => n === size[axis])) return x
  const part = memory.kernel("Slice", { x }, { begin: size.map(() => 0), size: [...size] })
  memory.free(x)
  return part
}

/**
 * Computes the gradient as one convolution with exchanged roles: the batch becomes channels, the output's gradient becomes
 * the filter, stride and dilation swap. Works on chunks of images and adds up their results.
 */
const byConvolution = (memory: Memory, x: Info, dy: Info, g: ConvGeometry): Info => {
  const beyond = (n: number, k: number, out: number, before: number) =>
    Math.max(0, (out - 1) * g.stride + 1 + (k - 1) * g.dilation - n - before)
  const pad = [
    [0, 0],
    [g.top, beyond(g.H, g.KH, g.OH, g.top)],
    [g.left, beyond(g.W, g.KW, g.OW, g.left)],
    [0, 0]
  ]
  const attrs = {
    strides: [g.dilation, g.dilation],
    dilations: [g.stride, g.stride],
    pad,
    dataFormat: "NHWC",
    dimRoundingMode: "floor"
  }
  const images = chunkImages(g)
  let sum: Info | undefined
  for (let from = 0; from < g.N; from += images) {
    const to = Math.min(g.N, from + images)
    const xPart = memory.rows(x, from, to)
    const dyPart = memory.rows(dy, from, to)
    const xt = transposed(memory, xPart.info, [3, 1, 2, 0])
    const dyt = transposed(memory, dyPart.info, [1, 2, 0, 3])
    xPart.release()
    dyPart.release()
    const part = memory.kernel("Conv2D", { x: xt, filter: dyt }, attrs)
    memory.free(xt)
    memory.free(dyt)
    sum = added(memory, sum, sliced(memory, part, [g.C, g.KH, g.KW, g.O]))
  }
  const turned = sum as Info
  const gradient = transposed(memory, turned, [1, 2, 0, 3])
  memory.free(turned)
  return gradient
}

/** Returns every `stride`-th row and column, starting with the first. */
const subsampled = (memory: Memory, x: Info, stride: number): Info => {
  const C = x.shape[3]
  const ones = memory.make([1, 1, C, 1])
  memory.values(ones).fill(1)
  const strides = [stride, stride]
  const attrs = { strides, pad: "valid", dilations: [1, 1], dimRoundingMode: "floor" }
  const taken = memory.kernel("DepthwiseConv2dNative", { x, filter: ones }, attrs)
  memory.free(ones)
  return taken
}

const product = (memory: Memory, a: Info, b: Info): Info => {
  const batched = (info: Info) => reshaped(info, [1, ...info.shape])
  const ab = memory.kernel("BatchMatMul", { a: batched(a), b: batched(b) }, { transposeA: false, transposeB: false })
  return reshaped(ab, ab.shape.slice(1))
}

/** The gradient of a 1x1 filter: x^T dy over all pixels. The wider operand is transposed, which is faster. */
const byProduct = (memory: Memory, x: Info, dy: Info, g: ConvGeometry): Info => {
  const taken = g.stride === 1 ? x : subsampled(memory, x, g.stride)
  const pixels = g.N * g.OH * g.OW
  const [wide, narrow] = g.C >= g.O ? [taken, dy] : [dy, taken]
  const flat = (info: Info) => reshaped(info, [pixels, info.shape[3]])
  let sum: Info | undefined
  for (let from = 0; from < pixels; from += CHUNK_ROWS) {
    const to = Math.min(pixels, from + CHUNK_ROWS)
    const widePart = memory.rows(flat(wide), from, to)
    const narrowPart = memory.rows(flat(narrow), from, to)
    const turned = transposed(memory, widePart.info, [1, 0])
    sum = added(memory, sum, product(memory, turned, narrowPart.info))
    memory.free(turned)
    widePart.release()
    narrowPart.release()
  }
  if (taken !== x) memory.free(taken)
  const wideByNarrow = sum as Info
  if (g.C >= g.O) return reshaped(wideByNarrow, [1, 1, g.C, g.O])
  const gradient = transposed(memory, wideByNarrow, [1, 0])
  memory.free(wideByNarrow)
  return reshaped(gradient, [1, 1, g.C, g.O])
}

/**
 * Returns dL/dw of y = conv2d(x, w).
 *
 * @param x float32 [N, H, W, C]
 * @param dy dL/dy, float32 [N, OH, OW, O]
 * @returns float32 [KH, KW, C, O]; the caller frees it
 */
export const filterGradient = (memory: Memory, x: Info, dy: Info, g: ConvGeometry): Info => {
  return isPointwise(g) && sizeOf(x.shape) > 0 ? byProduct(memory, x, dy, g) : byConvolution(memory, x, dy, g)
}
