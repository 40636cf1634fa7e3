/** Spectral changes of images [height, width, channels]: dropped bands, and a factor of its own for each band. */
import type { Random } from "../../../../pipeline/random.ts"
import type { Shaped } from "./geometry.ts"

/** Multiplies each band by a factor. */
const scaled = (shaped: Shaped, factors: ReadonlyArray<number>): Shaped => ({
  ...shaped,
  image: shaped.image.map((value, i) => value * factors[i % factors.length])
})

const bandsOf = ({ height, image, width }: Shaped): number => image.length / (height * width)

/**
 * Sets each band to 0 with probability `p`. If this would drop all bands, one of them, drawn uniformly, is kept.
 *
 * @param draw draws for each band in turn, then for the band that is kept
 */
export const withoutBands = (shaped: Shaped, draw: Random, p: number): Shaped => {
  const kept = Array.from({ length: bandsOf(shaped) }, () => draw.next() >= p)
  if (kept.every(Boolean)) return shaped
  if (!kept.some(Boolean)) kept[draw.int(kept.length)] = true
  return scaled(shaped, kept.map(Number))
}

/** Multiplies each band by 1 + u with a u of its own, uniform in ±`most`. */
export const bandsJittered = (shaped: Shaped, draw: Random, most: number): Shaped =>
  scaled(
    shaped,
    Array.from({ length: bandsOf(shaped) }, () => 1 + draw.between(-most, most))
  )
