/** Order of the axes of images in a network's input. */
import type { OnnxAxis } from "../formats/onnx/describe.ts"

/** `nchw`: channels before rows, as PyTorch; `nhwc`: channels last, as TensorFlow. An axis of one time step may come in between. */
export const LAYOUTS = ["nchw", "nhwc"] as const
export type Layout = (typeof LAYOUTS)[number]

const fixed = (axis: OnnxAxis): axis is number => typeof axis === "number" && axis > 0

/** The axes of an input by their meaning; a number if the file fixes its length. */
export interface Axes {
  readonly layout: Layout
  /** Position of an axis of one time step; `undefined` if there is none. */
  readonly time: number | undefined
  readonly batch: number | undefined
  readonly channels: number | undefined
  readonly height: number | undefined
  readonly width: number | undefined
}

/** Whether channels come last: axes that the file fixes must be the number of channels, else PyTorch's order holds. */
const channelsLast = (first: OnnxAxis, last: OnnxAxis, channels: number | undefined): boolean => {
  if (!fixed(last)) return false
  if (!fixed(first)) return channels === undefined || last === channels
  if (channels !== undefined && (first === channels || last === channels)) return first !== channels
  return last < first
}

/**
 * Finds the meaning of the axes of an input.
 *
 * @param shape its axes as the file has them: four, or five with one time step
 * @param layout of the parameters, if they give one
 * @param channels number of bands of the images, if it is known
 * @returns `undefined` if the axes are not those of images
 *
 * @example
 * axesOf(["n", 3, 224, 224], undefined, undefined)?.layout // => "nchw"
 * axesOf([1, 224, 224, 3], undefined, undefined)?.layout // => "nhwc"
 * axesOf(["n", 6, 1, 224, 224], undefined, 6)?.time // => 2
 */
export const axesOf = (
  shape: ReadonlyArray<OnnxAxis>,
  layout: Layout | undefined,
  channels: number | undefined
): Axes | undefined => {
  const number = (axis: OnnxAxis) => (fixed(axis) ? axis : undefined)
  if (shape.length === 4) {
    const [batch, first, second, last] = shape
    const found = layout ?? (channelsLast(first, last, channels) ? "nhwc" : "nchw")
    const [c, h, w] = found === "nchw" ? [first, second, last] : [last, first, second]
    return {
      layout: found,
      time: undefined,
      batch: number(batch),
      channels: number(c),
      height: number(h),
      width: number(w)
    }
  }
  if (shape.length !== 5 || layout === "nhwc") return undefined
  const [batch, one, two, height, width] = shape
  const single = (axis: OnnxAxis) => !fixed(axis) || axis === 1
  if (!single(one) && !single(two)) return undefined
  const time = single(two) && !(one === 1 && two !== 1) ? 2 : 1
  const c = time === 2 ? one : two
  return {
    layout: "nchw",
    time,
    batch: number(batch),
    channels: number(c),
    height: number(height),
    width: number(width)
  }
}
