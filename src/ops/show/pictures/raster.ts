/** Pictures as 8-bit RGB, row-major [height, width, 3], and the drawing functions that strips need. */

/** A picture. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}
export type Colour = readonly [red: number, green: number, blue: number]

/** A picture of one colour. */
export const blank = (width: number, height: number, [r, g, b]: Colour): Raster => {
  const data = new Uint8Array(width * height * 3)
  for (let i = 0; i < data.length; i += 3) {
    data[i] = r
    data[i + 1] = g
    data[i + 2] = b
  }
  return { width, height, data }
}

/** Fills a rectangle, clipped to the picture. */
export const fill = (on: Raster, left: number, top: number, width: number, height: number, colour: Colour): void => {
  for (let y = Math.max(0, top); y < Math.min(on.height, top + height); y++) {
    for (let x = Math.max(0, left); x < Math.min(on.width, left + width); x++) {
      on.data.set(colour, (y * on.width + x) * 3)
    }
  }
}

/** Draws one picture on another, which must be large enough. */
export const place = (on: Raster, picture: Raster, left: number, top: number): void => {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3)
    on.data.set(row, ((top + y) * on.width + left) * 3)
  }
}

/** Glyphs of 3 by 5 dots, one number per row with its bits from left to right, so that no font is needed. */
const GLYPHS: Readonly<Record<string, ReadonlyArray<number>>> = {
  "0": [7, 5, 5, 5, 7],
  "1": [2, 6, 2, 2, 7],
  "2": [7, 1, 7, 4, 7],
  "3": [7, 1, 7, 1, 7],
  "4": [5, 5, 7, 1, 1],
  "5": [7, 4, 7, 1, 7],
  "6": [7, 4, 7, 5, 7],
  "7": [7, 1, 2, 2, 2],
  "8": [7, 5, 7, 5, 7],
  "9": [7, 5, 7, 1, 7],
  ".": [0, 0, 0, 0, 2]
}

/** Writes digits and decimal points, each dot `size` pixels wide; other characters leave a gap. */
export const writeNumber = (
  on: Raster,
  text: string,
  left: number,
  top: number,
  size: number,
  colour: Colour
): void => {
  ;[...text].forEach((character, i) => {
    ;(GLYPHS[character] ?? []).forEach((row, y) => {
      for (let x = 0; x < 3; x++) {
        if (((row >> (2 - x)) & 1) === 1) fill(on, left + (4 * i + x) * size, top + y * size, size, size, colour)
      }
    })
  })
}
