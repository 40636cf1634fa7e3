/** A mosaic: pictures of patches in rows and columns. */
import type { Band, Patch } from "../../elements.ts"
import { blank, type Colour, place, type Raster } from "./raster.ts"
import { pickRgb, type Rgb, type Stretch, stretchOf, trueColour } from "./true-colour.ts"

/** One picture and its place. */
export interface Cell {
  readonly row: number
  readonly column: number
  readonly rgb: Rgb
  /** The value of white, if the pixel type determines it. */
  readonly white?: number | undefined
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

/** One stretch per channel for all cells: from 0 to white if that is known, so that colours are true; else by percentiles. */
const stretchesOf = (cells: ReadonlyArray<Cell>): ReadonlyArray<Stretch> => {
  const white = cells[0]?.white
  return white !== undefined && cells.every((cell) => cell.white === white)
    ? [0, 1, 2].map(() => ({ low: 0, high: white }))
    : [0, 1, 2].map((channel) => stretchOf(cells.map(({ rgb }) => rgb[channel])))
}

/** The picture of each cell, all with the same stretch per channel, so that they can be compared. */
export const tilesOf = (cells: ReadonlyArray<Cell>): ReadonlyArray<Raster> => {
  const stretches = stretchesOf(cells)
  return cells.map(({ rgb }) => trueColour(rgb, stretches, MOSAIC.side))
}

/** Draws all cells as one picture; missing cells stay white. */
export const mosaic = (cells: ReadonlyArray<Cell>): Raster => {
  const { gap, side } = MOSAIC
  const tiles = tilesOf(cells)
  const most = (of: (cell: Cell) => number) => cells.reduce((largest, cell) => Math.max(largest, of(cell)), 0) + 1
  const at = (i: number) => gap + i * (side + gap)
  const picture = blank(at(most(({ column }) => column)), at(most(({ row }) => row)), WHITE)
  cells.forEach(({ column, row }, i) => {
    place(picture, tiles[i], at(column), at(row))
  })
  return picture
}
