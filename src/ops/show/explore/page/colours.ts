/** Colours of the points of a map. */
import { topOf } from "../../../retrieve/search/top.ts"
import { FULL, UNKNOWN } from "../kit/figures.ts"
import type { Archive } from "./archive.ts"

/** What points are coloured by: nothing, the commonest classes, the cosine with the query, average precision, or a class. */
export type ColourBy = "plain" | "classes" | "cosine" | "ap" | { readonly label: number }

/** From low to high: viridis (Smith and van der Walt 2015), seven steps that are seen on light and dark. */
export const SCALE = ["#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"]
const NOTHING = "#8a93a0"

/** Colours of classes that people with colour blindness can tell apart (Okabe and Ito 2008), without black and yellow. */
const CLASSES = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7"]

export interface Coloured {
  readonly colours: Uint8Array
  readonly palette: ReadonlyArray<string>
  /** Ends of the scale, or names of the colours. */
  readonly legend: ReadonlyArray<readonly [colour: string, text: string]>
}

const steps = (low: string, high: string): Coloured["legend"] =>
  SCALE.map((one, i) => [one, i === 0 ? low : i === SCALE.length - 1 ? high : ""])

/** Colours by numbers from low to high; NaN has none. */
const scaled = (count: number, of: (image: number) => number): Coloured => {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let image = 0; image < count; image++) {
    const value = of(image)
    if (value < low) low = value
    if (value > high) high = value
  }
  const colours = new Uint8Array(count)
  for (let image = 0; image < count; image++) {
    const share = (of(image) - low) / (high - low || 1)
    colours[image] = Number.isNaN(share) ? 0 : 1 + Math.min(SCALE.length - 1, Math.floor(share * SCALE.length))
  }
  return { colours, palette: [NOTHING, ...SCALE], legend: steps(low.toFixed(2), high.toFixed(2)) }
}

/** Colours by the commonest classes: an image with several of them has the colour of the rarest. */
const byClasses = (archive: Archive): Coloured => {
  const { classes } = archive.contents
  const count = archive.names.length
  const sizes = new Float64Array(classes.length)
  for (let image = 0; image < count; image++) {
    const own = archive.labels(image)
    for (let c = 0; c < own.length; c++) sizes[c] += own[c]
  }
  const commonest = Array.from(topOf(sizes, Math.min(CLASSES.length, classes.length)))
  const colours = new Uint8Array(count)
  for (let image = 0; image < count; image++) {
    const own = archive.labels(image)
    for (let at = commonest.length; at > 0 && colours[image] === 0; at--)
      if (own[commonest[at - 1]] === 1) colours[image] = at
  }
  const legend = commonest.map((c, at) => [CLASSES[at], classes[c]] as const)
  const others = colours.includes(0) ? [[NOTHING, "none of these"] as const] : []
  return { colours, palette: [NOTHING, ...CLASSES], legend: [...legend, ...others] }
}

export const coloured = (
  archive: Archive,
  by: ColourBy,
  scores: Float64Array | undefined,
  ap: Uint8Array | undefined
): Coloured => {
  const count = archive.names.length
  const blue = getComputedStyle(document.documentElement).getPropertyValue("--c1").trim()
  if (by === "classes") return byClasses(archive)
  if (by === "cosine" && scores !== undefined) return scaled(count, (image) => scores[image])
  if (by === "ap" && ap !== undefined)
    return scaled(count, (image) => (ap[image] === UNKNOWN ? Number.NaN : ap[image] / FULL))
  if (typeof by === "object") {
    const { label } = by
    const colours = new Uint8Array(count)
    for (let image = 0; image < count; image++) colours[image] = archive.labels(image)[label]
    const name = archive.contents.classes[label]
    return {
      colours,
      palette: [NOTHING, blue],
      legend: [
        [blue, name],
        [NOTHING, "other"]
      ]
    }
  }
  return { colours: new Uint8Array(count), palette: [blue], legend: [] }
}
