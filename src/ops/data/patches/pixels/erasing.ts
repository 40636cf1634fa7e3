/** Random erasing (Zhong et al., AAAI 2020). */
import { Schema } from "effect"
import { Fraction, Probability } from "../../../../pipeline/param.ts"
import type { Random } from "../../../../pipeline/random.ts"
import type { Shaped } from "./geometry.ts"

export const RandomErasing = Schema.Struct({
  p: Probability,
  sl: Schema.optionalKey(Fraction),
  sh: Schema.optionalKey(Fraction),
  r1: Schema.optionalKey(Probability)
}).check(
  Schema.makeFilter(
    ({ r1 = 0.3, sh = 0.4, sl = 0.02 }: { sl?: number; sh?: number; r1?: number }) => (sl <= sh && r1 > 0) || "no area",
    {
      expected:
        "a mapping of p and, if wanted, sl and sh (smallest and largest area, 0 < sl <= sh < 1), r1 (0 < r1 <= 1)"
    }
  )
)
export type RandomErasing = typeof RandomErasing.Type

export interface Rectangle {
  readonly top: number
  readonly left: number
  readonly rows: number
  readonly columns: number
}

const TRIES = 100

/** Draws the area and aspect of one rectangle; `undefined` if it does not fit into the image. */
const rectangle = (
  { height, width }: Pick<Shaped, "height" | "width">,
  draw: Random,
  { r1 = 0.3, sh = 0.4, sl = 0.02 }: RandomErasing
): Rectangle | undefined => {
  const area = draw.between(sl, sh) * height * width
  const aspect = draw.between(r1, 1 / r1)
  const [rows, columns] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))]
  if (rows >= height || columns >= width) return undefined
  return { rows, columns, top: draw.int(height - rows + 1), left: draw.int(width - columns + 1) }
}

/**
 * Draws, with probability `p`, the first rectangle that fits, in at most 100 tries.
 *
 * @param untiring whether tries continue after a rectangle that fits, as in the original
 */
export const rectangles = (
  size: Pick<Shaped, "height" | "width">,
  draw: Random,
  erasing: RandomErasing,
  untiring: boolean
): ReadonlyArray<Rectangle> => {
  const found: Array<Rectangle> = []
  if (draw.next() >= erasing.p) return found
  for (let i = 0; i < TRIES && (untiring || found.length === 0); i++) {
    const one = rectangle(size, draw, erasing)
    if (one !== undefined) found.push(one)
  }
  return found
}

/** Sets rectangles to 0 in all channels. */
export const erased = (shaped: Shaped, holes: ReadonlyArray<Rectangle>): Shaped => {
  if (holes.length === 0) return shaped
  const { height, width } = shaped
  const channels = shaped.image.length / (height * width)
  const image = shaped.image.slice()
  for (const { columns, left, rows, top } of holes) {
    for (let row = top; row < top + rows; row++) {
      image.fill(0, (row * width + left) * channels, (row * width + left + columns) * channels)
    }
  }
  return { ...shaped, image }
}
