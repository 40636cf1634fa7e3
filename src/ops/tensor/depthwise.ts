/**
 * Depthwise convolution (as many groups as input channels), with gradients as loops over memory. Each value takes part in few
 * products only, so composing the gradients of kernels would cost more time for moving data than the loops take.
 */
import type { ConvGeometry } from "./geometry.ts"
import { type Memory, reshaped } from "./memory.ts"
import type { Info } from "./tfjs.ts"

export const isDepthwise = ({ C, groups }: ConvGeometry): boolean => groups > 1 && groups === C

/** Output channel c m + q sees input channel c, in the filter [KH, KW, C, m] of the kernels as in ours [KH, KW, 1, C m]. */
export const depthwise = (memory: Memory, x: Info, w: Info, g: ConvGeometry): Info => {
  const filter = reshaped(w, [g.KH, g.KW, g.C, g.O / g.C])
  const attrs = {
    strides: [g.stride, g.stride],
    dilations: [g.dilation, g.dilation],
    pad: [
      [0, 0],
      [g.top, g.bottom],
      [g.left, g.right],
      [0, 0]
    ],
    dimRoundingMode: "floor"
  }
  return memory.kernel("DepthwiseConv2dNative", { x, filter }, attrs)
}

/** Calls `visit` for every tap that meets a pixel, with the first channel's offsets in input, filter and output. */
const meetings = (g: ConvGeometry, visit: (x: number, w: number, y: number) => void): void => {
  for (let n = 0, y = 0; n < g.N; n++) {
    for (let i = 0; i < g.OH; i++) {
      for (let j = 0; j < g.OW; j++, y += g.O) {
        for (let a = 0; a < g.KH; a++) {
          const row = i * g.stride - g.top + a * g.dilation
          if (row < 0 || row >= g.H) continue
          for (let b = 0; b < g.KW; b++) {
            const column = j * g.stride - g.left + b * g.dilation
            if (column < 0 || column >= g.W) continue
            visit(((n * g.H + row) * g.W + column) * g.C, (a * g.KW + b) * g.O, y)
          }
        }
      }
    }
  }
}

/** Returns dL/dx, float32 [N, H, W, C], for dy [N, OH, OW, O] and w [KH, KW, 1, O]. */
export const depthwiseInputGradient = (memory: Memory, dy: Info, w: Info, g: ConvGeometry): Info => {
  const dx = memory.make([g.N, g.H, g.W, g.C])
  const [from, filter, to] = [dy, w, dx].map(memory.values)
  const each = g.O / g.C
  to.fill(0)
  meetings(g, (atX, atW, atY) => {
    for (let c = 0, o = 0; c < g.C; c++) {
      let sum = 0
      for (let q = 0; q < each; q++, o++) sum += from[atY + o] * filter[atW + o]
      to[atX + c] += sum
    }
  })
  return dx
}

/** Returns dL/dw, float32 [KH, KW, 1, O], for x [N, H, W, C] and dy [N, OH, OW, O]. */
export const depthwiseFilterGradient = (memory: Memory, x: Info, dy: Info, g: ConvGeometry): Info => {
  const dw = memory.make([g.KH, g.KW, 1, g.O])
  const [input, from, to] = [x, dy, dw].map(memory.values)
  const each = g.O / g.C
  // In float32, sums over all pixels of all images would lose digits.
  const sums = new Float64Array(to.length)
  meetings(g, (atX, atW, atY) => {
    for (let c = 0, o = 0; c < g.C; c++) {
      const value = input[atX + c]
      for (let q = 0; q < each; q++, o++) sums[atW + o] += from[atY + o] * value
    }
  })
  to.set(sums)
  return dw
}
