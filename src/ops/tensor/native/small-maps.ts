/**
 * Convolutions of maps that are so small that every output pixel sees every input pixel (3x3 filters on 2x2 maps, the last
 * stage of residual networks). Each is one matrix product between whole images, [N, H W C] by [H W C, OH OW O], whose matrix
 * repeats rows of the filter. Taps that only meet padding cost nothing; with 512 channels this is two to five times as fast.
 */
import type { ConvKernels } from "../convolution.ts"
import type { ConvGeometry } from "../geometry.ts"
import type { Info, Tensor } from "../tfjs.ts"
import { type Native, using } from "./ops.ts"

/** Largest number of pairs of pixels; with more, the matrix costs more than it saves. */
const MOST = 16

/** Returns the tap between input pixel p and output pixel q, at p OH OW + q; `undefined` if some pair has none. */
const tapsOf = (g: ConvGeometry): ReadonlyArray<number> | undefined => {
  if (g.groups > 1 || g.KH * g.KW === 1 || g.H * g.W * g.OH * g.OW > MOST) return undefined
  const along = (input: number, output: number, before: number) => (input - output * g.stride + before) / g.dilation
  const taps: Array<number> = []
  for (let p = 0; p < g.H * g.W; p++) {
    for (let q = 0; q < g.OH * g.OW; q++) {
      const a = along(Math.floor(p / g.W), Math.floor(q / g.OW), g.top)
      const b = along(p % g.W, q % g.OW, g.left)
      if (!Number.isInteger(a) || !Number.isInteger(b) || a < 0 || b < 0 || a >= g.KH || b >= g.KW) return undefined
      taps.push(a * g.KW + b)
    }
  }
  return taps
}

/** Returns the filter's row [O] for each row of the matrix, seen as [H W C OH OW, O]. */
const rowsOf = (native: Native, g: ConvGeometry, taps: ReadonlyArray<number>): Tensor => {
  const [P, Q] = [g.H * g.W, g.OH * g.OW]
  const rows = new Array<number>(P * g.C * Q)
  let at = 0
  for (let p = 0; p < P; p++) {
    for (let c = 0; c < g.C; c++) for (let q = 0; q < Q; q++) rows[at++] = taps[p * Q + q] * g.C + c
  }
  return native.ints(rows)
}

const product = (
  native: Native,
  a: Info,
  b: Info,
  transpose: { readonly a?: boolean; readonly b?: boolean }
): Tensor => {
  const bool = { transpose_a: transpose.a ?? false, transpose_b: transpose.b ?? false }
  return native.run("MatMul", { type: { T: "float32" }, bool }, [a, b])
}

const SUM_TYPES = { T: "float32", Tindices: "int32", Tnumsegments: "int32" } as const

/**
 * Returns sums of rows: row s of the result, [count, ...], is the sum of the rows of x, [m, ...], whose segment is s.
 *
 * @param segments int32, one per row; disposed
 */
const segmentSum = (native: Native, x: Info, segments: Tensor, count: number): Tensor =>
  using([segments, native.ints([count], [])], (ids, number) =>
    native.run("UnsortedSegmentSum", { type: SUM_TYPES }, [x, ids, number])
  )

/** Returns a tensor with another shape and frees the given one. */
const shaped = (native: Native, x: Tensor, shape: ReadonlyArray<number>): Tensor =>
  using([x], (whole) => native.reshape(whole, shape))

const matrix = (native: Native, w: Info, g: ConvGeometry, taps: ReadonlyArray<number>): Tensor => {
  const type = { Tparams: "float32", Tindices: "int32", Taxis: "int32" } as const
  const temporaries = [
    native.reshape(w, [g.KH * g.KW * g.C, g.O]),
    rowsOf(native, g, taps),
    native.ints([0], [])
  ] as const
  const rows = using(temporaries, (...inputs) => native.run("GatherV2", { type, int: { batch_dims: 0 } }, [...inputs]))
  return shaped(native, rows, [g.H * g.W * g.C, g.OH * g.OW * g.O])
}

const filterGradient = (native: Native, x: Info, dy: Info, g: ConvGeometry, taps: ReadonlyArray<number>): Tensor => {
  const [images, gradients] = [native.reshape(x, [g.N, -1]), native.reshape(dy, [g.N, -1])]
  const whole = using([images, gradients], (a, b) => product(native, a, b, { a: true }))
  const rows = shaped(native, whole, [g.H * g.W * g.C * g.OH * g.OW, g.O])
  const dw = using([rows], (whole) => segmentSum(native, whole, rowsOf(native, g, taps), g.KH * g.KW * g.C))
  return shaped(native, dw, [g.KH, g.KW, g.C, g.O])
}

/** Adds convolutions of small maps to kernels. @param otherwise kernels for larger maps */
export const withSmallMaps = (native: Native, otherwise: ConvKernels): ConvKernels => ({
  forward: (x, w, g) => {
    const taps = tapsOf(g)
    if (taps === undefined) return otherwise.forward(x, w, g)
    const y = using([native.reshape(x, [g.N, -1]), matrix(native, w, g, taps)], (a, b) => product(native, a, b, {}))
    return shaped(native, y, [g.N, g.OH, g.OW, g.O])
  },
  toInput: (dy, w, g) => {
    const taps = tapsOf(g)
    if (taps === undefined) return otherwise.toInput(dy, w, g)
    const dx = using([native.reshape(dy, [g.N, -1]), matrix(native, w, g, taps)], (a, b) =>
      product(native, a, b, { b: true })
    )
    return shaped(native, dx, [g.N, g.H, g.W, g.C])
  },
  toFilter: (x, dy, g) => {
    const taps = tapsOf(g)
    return taps === undefined ? otherwise.toFilter(x, dy, g) : filterGradient(native, x, dy, g, taps)
  }
})
