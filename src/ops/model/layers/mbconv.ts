/** The inverted residual block of mobile networks (Sandler et al. 2018; Tan and Le 2019). */
import { plus, swish } from "../../tensor/elementwise.ts"
import type { Sides } from "../../tensor/geometry.ts"
import { convolution } from "./convolution.ts"
import { channelGate } from "./gate.ts"
import { fixed, type Layer, sequence } from "./layer.ts"
import { batchNorm } from "./norm.ts"

/** Options of all batch norms of EfficientNet. */
export const NORM = { epsilon: 1e-3, momentum: 0.01 } as const

export const swishLayer: Layer = fixed((_, x) => swish(x))

/**
 * Padding that keeps a length, or divides it by the stride, independent of the input. If the total is odd, the larger part
 * is at the bottom and at the right.
 *
 * @example
 * mobilePadding(3, 2) // => [0, 1, 0, 1]
 */
export const mobilePadding = (kernel: number, stride: number): Sides => {
  const total = kernel - stride
  const before = Math.floor(total / 2)
  return [before, total - before, before, total - before]
}

/** Geometry of a block. */
export interface MbConv {
  readonly from: number
  readonly to: number
  readonly kernel: number
  readonly stride: number
  /** Number of channels inside the block, as a multiple of `from`. */
  readonly expand: number
  /** Whether the input is added to the output. */
  readonly skip: boolean
}

/** Block of 1x1 expansion, depthwise convolution, squeeze and excitation, and 1x1 projection. */
export const mbConv = (name: string, { from, to, kernel, stride, expand, skip }: MbConv): Layer => {
  const width = from * expand
  const norm = (part: string, channels: number) => batchNorm(`${name}.${part}`, channels, NORM)
  const expansion =
    expand === 1 ? [] : [convolution(`${name}._expand_conv`, from, width, 1), norm("_bn0", width), swishLayer]
  const padding = mobilePadding(kernel, stride)
  const hidden = Math.max(1, Math.floor(from / 4))
  const main = sequence(
    ...expansion,
    convolution(`${name}._depthwise_conv`, width, width, kernel, { stride, padding, groups: width }),
    norm("_bn1", width),
    swishLayer,
    channelGate([`${name}._se_reduce`, `${name}._se_expand`], width, hidden, swishLayer),
    convolution(`${name}._project_conv`, width, to, 1),
    norm("_bn2", to)
  )
  if (!skip) return main
  return { parameters: main.parameters, apply: (pass, x) => plus(main.apply(pass, x), x) }
}
