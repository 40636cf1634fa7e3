/**
 * EfficientNet (Tan and Le 2019), without drop-connect.
 *
 * Padding depends on kernel and stride alone. It equals the reference's `image_size=None` if every layer with stride 2 gets
 * an even number of pixels. The reference's default size pads alike for b0 only; for b1 to b7 one to three layers pad one
 * pixel more at the top and left.
 */
import { convolution } from "../layers/convolution.ts"
import { type Layer, sequence } from "../layers/layer.ts"
import { type MbConv, mbConv, mobilePadding, NORM, swishLayer } from "../layers/mbconv.ts"
import { batchNorm } from "../layers/norm.ts"
import { ALL_STRIDES, type Backbone, type OutputStride } from "./backbone.ts"

/** The stages of b0 (table 1). `strideFrom`: at output strides below it, the stage has stride 1. */
const STAGES = [
  { repeats: 1, kernel: 3, stride: 1, expand: 1, from: 32, to: 16, strideFrom: 0 },
  { repeats: 2, kernel: 3, stride: 2, expand: 6, from: 16, to: 24, strideFrom: 0 },
  { repeats: 2, kernel: 5, stride: 2, expand: 6, from: 24, to: 40, strideFrom: 0 },
  { repeats: 3, kernel: 3, stride: 2, expand: 6, from: 40, to: 80, strideFrom: 16 },
  { repeats: 3, kernel: 5, stride: 1, expand: 6, from: 80, to: 112, strideFrom: 0 },
  { repeats: 4, kernel: 5, stride: 2, expand: 6, from: 112, to: 192, strideFrom: 32 },
  { repeats: 1, kernel: 3, stride: 1, expand: 6, from: 192, to: 320, strideFrom: 0 }
] as const
const STEM = 32
const HEAD = 1280

/** A width times a factor, rounded to a multiple of 8 that is at most a tenth below the product. */
const scaledWidth = (width: number, factor: number): number => {
  const exact = width * factor
  const rounded = Math.max(8, Math.floor((exact + 4) / 8) * 8)
  return rounded < 0.9 * exact ? rounded + 8 : rounded
}

/** All blocks in order. */
const blocksOf = (width: number, depth: number, outputStride: OutputStride): ReadonlyArray<MbConv> =>
  STAGES.flatMap(({ repeats, kernel, stride, expand, from, to, strideFrom }) => {
    const [wide, out] = [scaledWidth(from, width), scaledWidth(to, width)]
    const first = { kernel, expand, from: wide, to: out, stride: outputStride < strideFrom ? 1 : stride, skip: false }
    const later = { kernel, expand, from: out, to: out, stride: 1, skip: true }
    return [first, ...Array.from({ length: Math.ceil(depth * repeats) - 1 }, () => later)]
  })

/** Factors of widths and of repeats, and the number of blocks before the end of each of the first four stages. */
interface Scale {
  readonly width: number
  readonly depth: number
  readonly ends: readonly [number, number, number, number]
}

const SCALES = {
  "efficientnet-b0": { width: 1, depth: 1, ends: [1, 3, 5, 11] },
  "efficientnet-b1": { width: 1, depth: 1.1, ends: [2, 5, 8, 16] },
  "efficientnet-b2": { width: 1.1, depth: 1.2, ends: [2, 5, 8, 16] },
  "efficientnet-b3": { width: 1.2, depth: 1.4, ends: [2, 5, 8, 18] },
  "efficientnet-b4": { width: 1.4, depth: 1.8, ends: [2, 6, 10, 22] },
  "efficientnet-b5": { width: 1.6, depth: 2.2, ends: [3, 8, 13, 27] },
  "efficientnet-b6": { width: 1.8, depth: 2.6, ends: [3, 9, 15, 31] },
  "efficientnet-b7": { width: 2, depth: 3.1, ends: [4, 11, 18, 38] }
} as const satisfies Readonly<Record<string, Scale>>

type Name = keyof typeof SCALES

/** A block of a network. */
export interface BlockPlace {
  /** Beginning of the names of its arrays. */
  readonly name: string
  /** Number of its stage in table 1, from 0, and its place in this stage. */
  readonly stage: number
  readonly place: number
  readonly expands: boolean
}

/** Where the parts of a network are: its blocks, the names of the last convolution and of its batch norm, and two widths. */
export interface Places {
  readonly blocks: ReadonlyArray<BlockPlace>
  readonly last: readonly [convolution: string, norm: string]
  readonly stem: number
  readonly head: number
}

const placesOf = ({ depth, ends, width }: Scale): Places => {
  const all = STAGES.flatMap(({ expand, repeats }, stage) =>
    Array.from({ length: Math.ceil(depth * repeats) }, (_, place) => ({ stage, place, expands: expand > 1 }))
  )
  const blocks = all.map((one, i): BlockPlace => {
    const found = ends.findIndex((end) => i < end)
    const part = found < 0 ? ends.length : found
    const first = part === 0 ? -2 : ends[part - 1]
    return { ...one, name: `encoder.encoder_block${part}.${i - first}` }
  })
  const after = all.length - ends[ends.length - 1]
  const last = [0, 1].map((i) => `encoder.encoder_block${ends.length}.${after + i}`)
  return { blocks, last: [last[0], last[1]], stem: scaledWidth(STEM, width), head: scaledWidth(HEAD, width) }
}

/** The parts of an EfficientNet; undefined for another backbone. */
export const placesIn = (backbone: string): Places | undefined =>
  Object.hasOwn(SCALES, backbone) ? placesOf(SCALES[backbone as Name]) : undefined

const efficientnet = <N extends Name>(name: N, scale: Scale = SCALES[name]): Backbone<N> => ({
  name,
  outputStrides: ALL_STRIDES,
  build: ({ channels, outputStride, original }) => {
    const { depth, ends, width } = scale
    const blocks = blocksOf(width, depth, outputStride)
    const { blocks: places, head, last, stem } = placesOf(scale)
    // The original omits the two activations; weights published for EfficientNet need them.
    const activation: ReadonlyArray<Layer> = original ? [] : [swishLayer]
    const first = [
      convolution("encoder.encoder_block0.0", channels, stem, 3, { stride: 2, padding: mobilePadding(3, 2) }),
      batchNorm("encoder.encoder_block0.1", stem, NORM),
      ...activation
    ]
    const stages = [0, 1, 2, 3, 4].map((stage) => {
      const [begin, end] = [ends[stage - 1] ?? 0, ends[stage] ?? blocks.length]
      const own = blocks.slice(begin, end).map((one, i) => mbConv(places[begin + i].name, one))
      if (stage === 0) return sequence(...first, ...own)
      if (stage < 4) return sequence(...own)
      const conv = convolution(last[0], blocks[blocks.length - 1].to, head, 1)
      return sequence(...own, conv, batchNorm(last[1], head, NORM), ...activation)
    })
    return { stages, width: head }
  }
})

export const efficientnets = [
  efficientnet("efficientnet-b0"),
  efficientnet("efficientnet-b1"),
  efficientnet("efficientnet-b2"),
  efficientnet("efficientnet-b3"),
  efficientnet("efficientnet-b4"),
  efficientnet("efficientnet-b5"),
  efficientnet("efficientnet-b6"),
  efficientnet("efficientnet-b7")
] as const
