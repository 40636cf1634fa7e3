/** From images to the input of a network: chosen channels, scaled, in the order and the type that it takes. */
import { toHalf } from "../formats/half.ts"
import type { OnnxArray } from "./array.ts"
import type { Layout } from "./layout.ts"
import { OnnxError } from "./onnx-error.ts"

/** Types of input that images are converted to. */
export const INPUT_TYPES = ["float32", "float16", "uint8"] as const
export type InputType = (typeof INPUT_TYPES)[number]

/** How an image becomes an input. */
export interface FeedOptions {
  readonly type: InputType
  readonly layout: Layout
  /** Position of an axis of length 1 for time; `undefined` if there is none. */
  readonly time: number | undefined
  /** For each channel of the input, the channel of the images. */
  readonly channels: ReadonlyArray<number>
  /** A value becomes value * factor + shift, by channel of the input. */
  readonly factors: ReadonlyArray<number>
  readonly shifts: ReadonlyArray<number>
}

/** Images of a batch: float32 [size, height, width, channels]. */
export interface Images {
  readonly images: Float32Array
  readonly size: number
  readonly height: number
  readonly width: number
}

/** uint8 of numbers that must be 0 to 255, rounded. @throws OnnxError if one is not */
const bytesOf = (values: Float32Array): Uint8Array => {
  const bytes = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = Math.round(values[i])
    if (!(value >= 0 && value <= 255)) {
      throw new OnnxError({
        subject: "images",
        problem: `hold the value ${values[i]}, but the network takes whole numbers from 0 to 255`,
        remedy: "Set `range` to the values that become 0 and 255"
      })
    }
    bytes[i] = value
  }
  return bytes
}

/**
 * Pictures are read with values from 0 to 1, of which a network of whole numbers from 0 to 255 sees only 0 and 1.
 *
 * @param range that the network's facts give
 * @param images values of the first images
 * @throws OnnxError for such values without a range
 */
export const checkBytes = (
  file: string,
  { type }: FeedOptions,
  range: readonly [number, number] | undefined,
  images: Float32Array
): void => {
  if (type !== "uint8" || range !== undefined || images.some((value) => value > 1)) return
  throw new OnnxError({
    subject: file,
    problem: "takes whole numbers from 0 to 255, but the values of the first images are at most 1",
    remedy: "Set `range: [0, 1]`, or read the images with `unit: false`"
  })
}

/**
 * Makes the input of a network.
 *
 * @param rows number of images that the input must have; images beyond `size` are zeros
 * @throws OnnxError if a network of uint8 is given other values
 */
export const feedOf = ({ height, images, size, width }: Images, rows: number, options: FeedOptions): OnnxArray => {
  const { channels, factors, layout, shifts, time, type } = options
  const area = height * width
  const given = images.length / (size * area)
  const count = channels.length
  const values = new Float32Array(rows * area * count)
  for (let c = 0; c < count; c++) {
    const [factor, shift] = [factors[c], shifts[c]]
    for (let image = 0; image < size; image++) {
      let from = image * area * given + channels[c]
      const step = layout === "nchw" ? 1 : count
      let to = layout === "nchw" ? (image * count + c) * area : image * area * count + c
      for (let pixel = 0; pixel < area; pixel++, from += given, to += step) values[to] = images[from] * factor + shift
    }
  }
  const dims =
    layout === "nhwc"
      ? [rows, height, width, count]
      : time === undefined
        ? [rows, count, height, width]
        : time === 1
          ? [rows, 1, count, height, width]
          : [rows, count, 1, height, width]
  if (type === "float16") return { type, dims, data: toHalf(values) }
  return { type, dims, data: type === "uint8" ? bytesOf(values) : values }
}
