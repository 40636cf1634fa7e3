/** Appearance of the classes of a miniature, drawn once per archive. */
import { random } from "../../../../pipeline/random.ts"
import { KNOBS } from "../../miniature/knobs.ts"
import { drawLabelSets } from "../../miniature/label-sets.ts"
import { S2_BANDS } from "../../patches/bands.ts"
import { BIGEARTHNET_MOMENTS } from "../../patches/moments/known-moments.ts"
import { CLASSES_19, CLASSES_43, INDEX_19_OF_43 } from "./corine-labels.ts"

/** A class: reflectance in every band of `S2_BANDS`, and a grating on it. */
export interface Cover {
  /** Reflectance times 10,000. */
  readonly signature: Float64Array
  /** Waves per pixel of 10 m, along rows and columns. */
  readonly frequency: readonly [number, number]
  /** Share of the reflectance. */
  readonly contrast: number
  /** How the texture shows in each band, -1 to 1: a ripple may be bright in one band and dark in another. */
  readonly phase: Float64Array
}

/** Classes that occur together: indices among the 19 classes, and a CORINE level-3 name for each. */
export interface LabelSet {
  readonly classes: ReadonlyArray<number>
  readonly names: ReadonlyArray<string>
}

export interface Land {
  /** By index under 19 classes. */
  readonly covers: ReadonlyArray<Cover>
  readonly sets: ReadonlyArray<LabelSet>
}

/** Bands that surfaces move together: visible, red edge, near infrared, short-wave infrared. */
const GROUPS: Readonly<Record<string, number>> = {
  B01: 0,
  B02: 0,
  B03: 0,
  B04: 0,
  B05: 1,
  B06: 2,
  B07: 2,
  B08: 2,
  B8A: 2,
  B09: 2,
  B11: 3,
  B12: 3
}

const drawCover = (seed: number, index: number): Cover => {
  const draw = random(seed, 0, index, "cover")
  const groups = Array.from({ length: 4 }, () => draw.normal() * KNOBS.signature.group)
  const signature = Float64Array.from(S2_BANDS, ({ name }) => {
    const shift = groups[GROUPS[name]] + draw.normal() * KNOBS.signature.band
    return BIGEARTHNET_MOMENTS[name].mean * Math.exp(shift)
  })
  const [shortest, longest] = KNOBS.texture.wavelength
  // Even on a logarithmic scale, and in a fixed order of classes, so that no two wavelengths are close.
  const step = ((index * 7) % CLASSES_19.length) / (CLASSES_19.length - 1)
  const wavelength = shortest * (longest / shortest) ** step
  const angle = draw.between(0, Math.PI)
  const [faint, strong] = KNOBS.texture.contrast
  const ripples = Array.from({ length: 4 }, () => draw.between(KNOBS.texture.ripple, 1) * (draw.next() < 0.5 ? -1 : 1))
  return {
    signature,
    frequency: [Math.sin(angle) / wavelength, Math.cos(angle) / wavelength],
    contrast: draw.between(faint, strong),
    phase: Float64Array.from(S2_BANDS, ({ name }) => ripples[GROUPS[name]])
  }
}

/** Level-3 names of each of the 19 classes. */
const NAMES: ReadonlyArray<ReadonlyArray<string>> = CLASSES_19.map((_, index) =>
  CLASSES_43.filter((_name, old) => INDEX_19_OF_43[old] === index)
)

const drawSets = (seed: number): ReadonlyArray<LabelSet> =>
  drawLabelSets(seed, CLASSES_19.length, (draw, classes) => ({
    classes,
    names: classes.map((index) => NAMES[index][draw.int(NAMES[index].length)])
  }))

/** The classes and label sets of a seed. */
export const drawLand = (seed: number): Land => ({
  covers: CLASSES_19.map((_, index) => drawCover(seed, index)),
  sets: drawSets(seed)
})
