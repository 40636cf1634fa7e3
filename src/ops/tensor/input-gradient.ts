/** The gradient of a convolution with respect to its input, composed of kernels that every backend has. */
import { type ConvGeometry, isPointwise, type Sides } from "./geometry.ts"
import { type Memory, reshaped } from "./memory.ts"
import type { Info } from "./tfjs.ts"

/** Taps `first`, `first + step`, ... of each axis. */
interface Taps {
  readonly row: number
  readonly column: number
  readonly step: number
}

/**
 * Returns the filter of the transposed convolution: the chosen taps of w [KH, KW, C, O] in reverse order, with channels
 * exchanged, [kh, kw, O, C]. It is one loop over memory; the kernels Reverse and Transpose are ten times slower.
 */
const flipped = (memory: Memory, w: Info, { row, column, step }: Taps): Info => {
  const [KH, KW, C, O] = w.shape
  const kh = Math.ceil((KH - row) / step)
  const kw = Math.ceil((KW - column) / step)
  const made = memory.make([kh, kw, O, C])
  const from = memory.values(w)
  const to = memory.values(made)
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const source = ((row + (kh - 1 - i) * step) * KW + column + (kw - 1 - j) * step) * C * O
      const target = (i * kw + j) * O * C
      for (let o = 0; o < O; o++) {
        for (let c = 0; c < C; c++) to[target + o * C + c] = from[source + c * O + o]
      }
    }
  }
  return made
}

/** Returns zeros if nothing of `x` is left. XNNPACK refuses empty images and leaves its output undefined. */
const unreached = (memory: Memory, x: Info, w: Info, [top, bottom, left, right]: Sides, dilation: number): Info => {
  const [N, H, W] = x.shape
  const [kh, kw, , C] = w.shape
  const zeros = memory.make([N, H + top + bottom - (kh - 1) * dilation, W + left + right - (kw - 1) * dilation, C])
  memory.values(zeros).fill(0)
  memory.free(w)
  return zeros
}

/** Returns a convolution of stride 1 with any padding; a negative side cuts rows or columns off. Frees `w`, not `x`. */
const convolved = (memory: Memory, x: Info, w: Info, [top, bottom, left, right]: Sides, dilation: number): Info => {
  const cut = (side: number) => Math.max(0, -side)
  const [N, H, W, C] = x.shape
  const begin = [0, cut(top), cut(left), 0]
  const size = [N, H - cut(top) - cut(bottom), W - cut(left) - cut(right), C]
  if (size[1] <= 0 || size[2] <= 0) return unreached(memory, x, w, [top, bottom, left, right], dilation)
  const whole = size[1] === H && size[2] === W
  const part = whole ? x : memory.kernel("Slice", { x }, { begin, size })
  const y = memory.kernel(
    "Conv2D",
    { x: part, filter: w },
    {
      strides: [1, 1],
      dilations: [dilation, dilation],
      pad: [
        [0, 0],
        [Math.max(0, top), Math.max(0, bottom)],
        [Math.max(0, left), Math.max(0, right)],
        [0, 0]
      ],
      dataFormat: "NHWC",
      dimRoundingMode: "floor"
    }
  )
  memory.free(w)
  if (!whole) memory.free(part)
  return y
}

const cropped = (memory: Memory, x: Info, H: number, W: number): Info => {
  const [N, height, width, C] = x.shape
  if (height === H && width === W) return x
  const part = memory.kernel("Slice", { x }, { begin: [0, 0, 0, 0], size: [N, H, W, C] })
  memory.free(x)
  return part
}

/** Stride 1: a convolution of dy with the flipped filter, padded to the full overlap. */
const byFlippedFilter = (memory: Memory, dy: Info, w: Info, g: ConvGeometry): Info => {
  const [, height, width] = dy.shape
  const reach = (k: number) => (k - 1) * g.dilation
  const top = reach(g.KH) - g.top
  const left = reach(g.KW) - g.left
  const sides: Sides = [top, g.H + reach(g.KH) - height - top, left, g.W + reach(g.KW) - width - left]
  return convolved(memory, dy, flipped(memory, w, { row: 0, column: 0, step: 1 }), sides, g.dilation)
}

/** x [n, h, w, c] with `stride - 1` zeros after every pixel: [n, h stride, w stride, c]. */
const spread = (memory: Memory, x: Info, stride: number): Info => {
  const [n, h, w, c] = x.shape
  const padRight = (info: Info, rows: number, columns: number) =>
    memory.kernel(
      "PadV2",
      { x: reshaped(info, [rows, columns]) },
      {
        paddings: [
          [0, 0],
          [0, (stride - 1) * columns]
        ],
        constantValue: 0
      }
    )
  const wide = padRight(x, n * h * w, c)
  const tall = padRight(wide, n * h, w * stride * c)
  memory.free(wide)
  return reshaped(tall, [n, h * stride, w * stride, c])
}

/** 1x1 without padding: a product with the filter, then zeros where the stride skipped. */
const bySpreading = (memory: Memory, dy: Info, w: Info, g: ConvGeometry): Info => {
  const small = convolved(memory, dy, flipped(memory, w, { row: 0, column: 0, step: 1 }), [0, 0, 0, 0], 1)
  const whole = spread(memory, small, g.stride)
  memory.free(small)
  return cropped(memory, whole, g.H, g.W)
}

/** Any stride and dilation, but slow: puts zeros between the gradients, then proceeds as for stride 1. */
const bySpreadGradient = (memory: Memory, dy: Info, w: Info, g: ConvGeometry): Info => {
  const whole = spread(memory, dy, g.stride)
  const dx = byFlippedFilter(memory, whole, w, g)
  memory.free(whole)
  return dx
}

const joined = (memory: Memory, parts: ReadonlyArray<Info>, shape: ReadonlyArray<number>): Info => {
  const whole = memory.kernel(
    "Concat",
    parts.map((part) => reshaped(part, shape)),
    { axis: 1 }
  )
  for (const part of parts) memory.free(part)
  return whole
}

/**
 * For strides: input pixels whose row and column have the same remainders modulo the stride see the same taps. Each such
 * phase is a small convolution of dy; the phases are then interleaved.
 */
const byPhases = (memory: Memory, dy: Info, w: Info, g: ConvGeometry): Info => {
  const s = g.stride
  const height = Math.ceil(g.H / s)
  const width = Math.ceil(g.W / s)
  const side = (remainder: number, padding: number, k: number, length: number, out: number) => {
    const first = (remainder + padding) % s
    const taps = Math.ceil((k - first) / s)
    const before = taps - 1 - (remainder + padding - first) / s
    return { first, before, after: length + taps - 1 - out - before }
  }
  const rows: Array<Info> = []
  for (let a = 0; a < s; a++) {
    const row = side(a, g.top, g.KH, height, g.OH)
    const columns: Array<Info> = []
    for (let b = 0; b < s; b++) {
      const column = side(b, g.left, g.KW, width, g.OW)
      const sides: Sides = [row.before, row.after, column.before, column.after]
      const taps = flipped(memory, w, { row: row.first, column: column.first, step: s })
      columns.push(convolved(memory, dy, taps, sides, 1))
    }
    rows.push(joined(memory, columns, [g.N * height * width, g.C]))
  }
  const whole = joined(memory, rows, [g.N * height, width * s * g.C])
  return cropped(memory, reshaped(whole, [g.N, height * s, width * s, g.C]), g.H, g.W)
}

/**
 * Returns dL/dx of y = conv2d(x, w).
 *
 * @param dy dL/dy, float32 [N, OH, OW, O]
 * @param w float32 [KH, KW, C, O]
 * @returns float32 [N, H, W, C]; the caller frees it
 */
export const inputGradient = (memory: Memory, dy: Info, w: Info, g: ConvGeometry): Info => {
  if (g.stride === 1) return byFlippedFilter(memory, dy, w, g)
  if (isPointwise(g)) return bySpreading(memory, dy, w, g)
  if (g.dilation === 1 && g.KH >= g.stride && g.KW >= g.stride) return byPhases(memory, dy, w, g)
  return bySpreadGradient(memory, dy, w, g)
}
