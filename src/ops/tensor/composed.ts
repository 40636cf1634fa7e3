/** Convolutions that are composed of kernels of TensorFlow.js's own backends. */
import type { ConvKernels } from "./convolution.ts"
import { depthwise, depthwiseFilterGradient, depthwiseInputGradient, isDepthwise } from "./depthwise.ts"
import { filterGradient } from "./filter-gradient.ts"
import type { ConvGeometry } from "./geometry.ts"
import { groupedConvolution } from "./grouped.ts"
import { inputGradient } from "./input-gradient.ts"
import type { Memory } from "./memory.ts"
import type { Info } from "./tfjs.ts"
import { withTiles } from "./tiles/kernels.ts"
import type { TileWork } from "./tiles/room.ts"

const forward = (memory: Memory, x: Info, w: Info, g: ConvGeometry): Info => {
  const pad = [
    [0, 0],
    [g.top, g.bottom],
    [g.left, g.right],
    [0, 0]
  ]
  const strides = [g.stride, g.stride]
  const dilations = [g.dilation, g.dilation]
  const attrs = { strides, dilations, pad, dataFormat: "NHWC", dimRoundingMode: "floor" }
  return memory.kernel("Conv2D", { x, filter: w }, attrs)
}

/** @param work products of tiles, which compute large convolutions with the same bits; undefined where there are none */
export const composedConvolution = (memory: Memory, work?: TileWork): ConvKernels => {
  const composed: ConvKernels = {
    forward: (x, w, g) => forward(memory, x, w, g),
    toInput: (dy, w, g) => inputGradient(memory, dy, w, g),
    toFilter: (x, dy, g) => filterGradient(memory, x, dy, g)
  }
  const plain = work === undefined ? composed : withTiles(memory, work, composed)
  const grouped = groupedConvolution(memory, plain)
  const fitting = (g: ConvGeometry) => (g.groups === 1 ? plain : grouped)
  // The depthwise kernel of plain JavaScript accepts no dilation together with a stride.
  const alone = (g: ConvGeometry) => isDepthwise(g) && (g.stride === 1 || g.dilation === 1)
  return {
    forward: (x, w, g) => (alone(g) ? depthwise(memory, x, w, g) : fitting(g).forward(x, w, g)),
    toInput: (dy, w, g) => (isDepthwise(g) ? depthwiseInputGradient(memory, dy, w, g) : fitting(g).toInput(dy, w, g)),
    toFilter: (x, dy, g) => (isDepthwise(g) ? depthwiseFilterGradient(memory, x, dy, g) : fitting(g).toFilter(x, dy, g))
  }
}
