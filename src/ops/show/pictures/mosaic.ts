/** A mosaic: pictures of patches in rows and columns. */
import type { Band, Patch } from "../../elements.ts"
import { blank, type Colour, place, type Raster } from "./raster.ts"
import { pickRgb, type Rgb, stretchOf, trueColour } from "./true-colour.ts"

/** One picture and its place. */
export interface Cell {
  readonly row: number
  readonly column: number
  readonly rgb: Rgb
}

/** Side of a picture and gap between pictures, in pixels. */
export const MOSAIC = { side: 120, gap: 4 } as const
const WHITE: Colour = [255, 255, 255]

/** Three channels of an image [height, width, channels] as bands; values that were filled in for want of data are NaN. */
export const rgbOf = (patch: Patch, names: ReadonlyArray<string>): Rgb => {
  const { bands, height, image, nodata, width } = patch
  const wanted = bands.filter((name) => names.includes(name))
  const channels = wanted.map((name): Band => {
    const channel = bands.indexOf(name)
    const data = Float32Array.from({ length: height * width }, (_, i) => {
      const at = i * bands.length + channel
      return nodata?.[at] === 1 ? Number.NaN : image[at]
    })
    return { name, dtype: "float32", height, width, data }
  })
  return pickRgb(patch.name, channels, names)
}

/** Draws all cells with the same stretch per channel, so that they can be compared; missing cells stay white. */
export const mosaic = (cells: ReadonlyArray<Cell>): Raster => {
  const { gap, side } = MOSAIC
  const most = (of: (cell: Cell) => number) => cells.reduce((largest, cell) => Math.max(largest, of(cell)), 0) + 1
  const at = (i: number) => gap + i * (side + gap)
  const picture = blank(at(most(({ column }) => column)), at(most(({ row }) => row)), WHITE)
  const stretches = [0, 1, 2].map((channel) => stretchOf(cells.map(({ rgb }) => rgb[channel])))
  for (const { column, rgb, row } of cells) place(picture, trueColour(rgb, stretches, side), at(column), at(row))
  return picture
}
