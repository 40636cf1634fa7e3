/** Thumbnails of all images, on sheets that the page loads as it needs them. */
import { join } from "node:path"
import { Effect } from "effect"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { webp } from "../pictures/pictures.ts"
import { blank, place } from "../pictures/raster.ts"
import { type Rgb, type Stretch, stretchOf, trueColour } from "../pictures/true-colour.ts"
import { ShowError, touching } from "../show-error.ts"
import { type Sheets, sheetName } from "./kit/contents.ts"
import type { Pixels } from "./pixels.ts"
import { type ShownBands, shownBands } from "./shown-bands.ts"

/** Images that the brightness of all is derived from. */
const SAMPLE = 128

/** Colour of a place without a picture: grey. */
const NONE = [128, 128, 128] as const

/** Quality of thumbnails as WebP. */
const QUALITY = 72

/**
 * Thumbnails of a sheet. The results of a search usually lie on as many sheets as there are results, and the browser loads and
 * decodes each of them whole, so sheets are small.
 */
export const PER_SHEET = { columns: 5, rows: 5 } as const

/** How thumbnails look. */
export interface SheetOptions {
  readonly sheets: Sheets
  readonly bands: ShownBands
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
