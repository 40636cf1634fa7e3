/** Thumbnails of all images, on sheets that the page loads as it needs them. */
import { join } from "node:path"
import { Effect } from "effect"
import type { Band } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { webp } from "../pictures/pictures.ts"
import { blank, place } from "../pictures/raster.ts"
import { type Rgb, type Stretch, stretchOf, trueColour } from "../pictures/true-colour.ts"
import { ShowError, touching } from "../show-error.ts"
import { type Sheets, sheetName } from "./kit/contents.ts"
import type { Pixels } from "./pixels.ts"

/** Images that the brightness of all is derived from. */
const SAMPLE = 128

/** Colour of a place without a picture: grey. */
const NONE = [128, 128, 128] as const

/** Bands by the names that a picture's red, green and blue have in different archives. */
const COLOURS: ReadonlyArray<readonly [string, string, string]> = [
  ["B04", "B03", "B02"],
  ["Red", "Green", "Blue"]
]

/** The bands to show: those given, else true colour, else the first band as grey. */
const shownBands = (
  patch: string,
  bands: ReadonlyArray<Band>,
  wanted: "rgb" | readonly [string, string, string]
): Rgb => {
  const byName = new Map(bands.map((band) => [band.name, band] as const))
  const pick = (names: readonly [string, string, string]): Rgb | undefined => {
    const found = names.map((name) => byName.get(name))
    return found.every((band) => band !== undefined) ? (found as unknown as Rgb) : undefined
  }
  if (wanted !== "rgb") {
    const given = pick(wanted)
    if (given !== undefined) return given
    throw new ShowError({
      subject: patch,
      problem: `has no bands ${wanted.join(", ")}, but ${bands.map(({ name }) => name).join(", ")}`,
      remedy: "Name three bands of the images in `bands` of `explore`"
    })
  }
  for (const names of COLOURS) {
    const found = pick(names)
    if (found !== undefined) return found
  }
  return bands.length >= 3 ? [bands[0], bands[1], bands[2]] : [bands[0], bands[0], bands[0]]
}

/** Quality of thumbnails as WebP. */
const QUALITY = 72

/** How thumbnails look. */
export interface SheetOptions {
  readonly sheets: Sheets
  readonly bands: "rgb" | readonly [string, string, string]
}

const rgbReader =
  (pixels: Pixels, { bands }: SheetOptions) =>
  (name: string): Effect.Effect<Rgb | undefined, ShowError> => {
    const found = pixels(name)
    if (found === undefined) return Effect.succeed(undefined)
    return found.pipe(
      Effect.mapError(({ problem, remedy, subject }) => new ShowError({ subject, problem, remedy })),
      Effect.flatMap((all) => touching(name, () => shownBands(name, all, bands)))
    )
  }

/**
 * Draws thumbnails of images and writes the sheets. All have one stretch per channel, of a sample spread over all images, so
 * that they can be compared.
 *
 * @param folder the explorer's folder
 * @returns for each image, 1 if it has a picture
 */
export const writeSheets = Effect.fnUntraced(function* (
  folder: string,
  names: ReadonlyArray<string>,
  pixels: Pixels,
  options: SheetOptions
) {
  const { columns, edge, rows } = options.sheets
  const read = rgbReader(pixels, options)
  const sample: Array<Rgb> = []
  const step = Math.max(1, Math.floor(names.length / SAMPLE))
  for (let i = 0; i < names.length; i += step) {
    const rgb = yield* read(names[i])
    if (rgb !== undefined) sample.push(rgb)
  }
  const stretches: ReadonlyArray<Stretch> = [0, 1, 2].map((c) => stretchOf(sample.map((rgb) => rgb[c])))
  const pictured = new Uint8Array(names.length)
  const each = columns * rows
  const { wrote } = yield* Run
  for (let from = 0; from < names.length; from += each) {
    const to = Math.min(names.length, from + each)
    const sheet = blank(columns * edge, Math.ceil((to - from) / columns) * edge, NONE)
    const pictures = yield* Effect.forEach(names.slice(from, to), read, { concurrency: 4 })
    pictures.forEach((rgb, i) => {
      if (rgb === undefined) return
      pictured[from + i] = 1
      place(sheet, trueColour(rgb, stretches, edge), (i % columns) * edge, Math.floor(i / columns) * edge)
    })
    const path = join(folder, sheetName(from / each))
    const bytes = yield* webp(sheet, path, QUALITY)
    yield* touching(path, () => writeFileAtomic(path, bytes))
    yield* wrote(path)
  }
  return pictured
})
