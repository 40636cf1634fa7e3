/** Drawn pictures of three colours: a mosaic of classes, each with its colour and texture, in changing light. */
import { type Random, random } from "../../../pipeline/random.ts"
import { KNOBS } from "./knobs.ts"
import { drawLabelSets } from "./label-sets.ts"
import { drawMosaic } from "./mosaic.ts"

/** Appearance of a class. */
interface Look {
  /** Red, green, blue, 0 to 255. */
  readonly colour: ReadonlyArray<number>
  /** Waves per pixel along rows and columns. */
  readonly frequency: readonly [number, number]
  readonly contrast: number
}

/** The looks of all classes, and the sets of them that occur. */
export interface Scenery {
  readonly looks: ReadonlyArray<Look>
  readonly sets: ReadonlyArray<ReadonlyArray<number>>
}

const drawLook = (seed: number, index: number): Look => {
  const draw = random(seed, 0, index, "look")
  const [shortest, longest] = KNOBS.texture.wavelength
  const wavelength = shortest * (longest / shortest) ** draw.next()
  const angle = draw.between(0, Math.PI)
  return {
    colour: Array.from({ length: 3 }, () => draw.between(40, 190)),
    frequency: [Math.sin(angle) / wavelength, Math.cos(angle) / wavelength],
    contrast: draw.between(KNOBS.texture.contrast[0], KNOBS.texture.contrast[1]) / 2
  }
}

export const drawScenery = (seed: number, classes: number): Scenery => ({
  looks: Array.from({ length: classes }, (_, index) => drawLook(seed, index)),
  sets: drawLabelSets(seed, classes, (_, set) => set)
})

/** The classes of a picture. */
export const setOf = ({ sets }: Scenery, seed: number, index: number): ReadonlyArray<number> =>
  sets[random(seed, 0, index, "label set").int(sets.length)]

export interface Picture {
  readonly height: number
  readonly width: number
  /** uint8 [height, width, 3]. */
  readonly data: Uint8Array
  /** The class of each pixel, uint8 [height, width]: indices into the nomenclature. */
  readonly classes: Uint8Array
}

const SPREAD = 24

const shade = (draw: Random, value: number): number =>
  Math.min(255, Math.max(0, Math.round(value + SPREAD * (draw.next() - 0.5))))

/**
 * Draws a picture.
 *
 * @param set its classes, at most 4; each is drawn, but in a picture of few pixels another may cover it
 */
export const drawPicture = (
  { looks }: Scenery,
  seed: number,
  index: number,
  set: ReadonlyArray<number>,
  height: number,
  width: number
): Picture => {
  const draw = random(seed, 0, index, "picture")
  const edge = Math.max(height, width)
  const mosaic = drawMosaic(draw, edge, set.length)
  const light = Math.exp((draw.normal() * KNOBS.illumination) / 2)
  const gains = Array.from({ length: 3 }, () => light * Math.exp(draw.normal() * KNOBS.bandGain))
  const phases = set.map(() => draw.next())
  const data = new Uint8Array(height * width * 3)
  const classes = new Uint8Array(height * width)
  for (let i = 0; i < classes.length; i++) {
    const row = Math.floor(i / width)
    const column = i % width
    const cell = mosaic[row * edge + column]
    const { colour, contrast, frequency } = looks[set[cell]]
    const wave = Math.sin(2 * Math.PI * (frequency[0] * row + frequency[1] * column + phases[cell]))
    classes[i] = set[cell]
    for (let c = 0; c < 3; c++) data[3 * i + c] = shade(draw, gains[c] * colour[c] * (1 + contrast * wave))
  }
  return { height, width, data, classes }
}
