/** The bound on the pixels of one image: a small file can claim, or become, more than memory holds. */
import { DataError } from "./data-error.ts"

/** Largest number of pixels (rows times columns) of one image by default: 10,000 x 10,000. */
export const MAX_PIXELS = 100_000_000

/**
 * Checks the size of an image before memory is taken for it.
 *
 * @param subject the file or patch, for messages
 * @throws DataError if the image has more than `maxPixels` pixels
 *
 * @example
 * demandPixels(120, 120, 100_000_000, "p0") // => undefined
 */
export const demandPixels = (height: number, width: number, maxPixels: number, subject: string): void => {
  if (height * width <= maxPixels) return
  throw new DataError({
    subject,
    problem: `has ${height} x ${width} pixels, more than the ${maxPixels} that are read`,
    remedy: "Cut it into smaller images, or set `max_pixels` higher if the memory suffices"
  })
}
