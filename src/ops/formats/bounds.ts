/** Bounds on what one file may unfold to, checked on header numbers before anything is decoded. */
import { DataError } from "./data-error.ts"

/**
 * Most values that one image or array may have, over all its bands: 67,108,864, for example 8192 x 8192 pixels of one band.
 * A small file can claim an image of gigabytes, and several are decoded at a time.
 */
export const MAX_VALUES = 2 ** 26

/** Most numbers that one matrix of labels in a MATLAB file may have. */
export const MAX_MATRIX_VALUES = 2 ** 24

/** The bound of an array, and the words of its message. */
export interface Bound {
  readonly most: number
  /** What is bounded, for the message. */
  readonly what: string
  readonly remedy: string
}

/** The default bound of an image. */
export const IMAGE_BOUND: Bound = { most: MAX_VALUES, what: "one image", remedy: "Cut it into smaller images" }

/** The bound of a matrix of labels. */
export const MATRIX_BOUND: Bound = {
  most: MAX_MATRIX_VALUES,
  what: "one matrix",
  remedy: "Give the labels as a table (csv)"
}

/**
 * Refuses an image or array with more values than a bound allows.
 *
 * @param shape sizes of its axes, for example height, width and bands
 * @param file the name for messages
 * @throws DataError if the product of the sizes is larger
 * @example
 * checkValues([120, 120, 3], "patch.tif") // => undefined
 */
export const checkValues = (
  shape: ReadonlyArray<number>,
  file: string,
  { most, remedy, what }: Bound = IMAGE_BOUND
): void => {
  const values = shape.reduce((product, size) => product * size, 1)
  if (values <= most) return
  throw new DataError({
    subject: file,
    problem: `holds ${shape.join(" x ")} values, more than the ${most} that ${what} may have`,
    remedy
  })
}
