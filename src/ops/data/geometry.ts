/** Flips, quarter turns and cuts of images [height, width, channels]. */

export interface Shaped {
  readonly image: Float32Array
  readonly height: number
  readonly width: number
}

/** Takes each output pixel from the source pixel that `from` names by its position. */
const rearranged = (
  { image, height, width }: Shaped,
  toHeight: number,
  toWidth: number,
  from: (row: number, column: number) => number
): Shaped => {
  const channels = image.length / (height * width)
  const out = new Float32Array(toHeight * toWidth * channels)
  let at = 0
  for (let row = 0; row < toHeight; row++) {
    for (let column = 0; column < toWidth; column++) {
      const source = from(row, column) * channels
      for (let c = 0; c < channels; c++) out[at++] = image[source + c]
    }
  }
  return { image: out, height: toHeight, width: toWidth }
}

/** Left becomes right. */
export const flipHorizontally = (shaped: Shaped): Shaped => {
  const { height, width } = shaped
  return rearranged(shaped, height, width, (row, column) => row * width + width - 1 - column)
}

/** Top becomes bottom. */
export const flipVertically = (shaped: Shaped): Shaped => {
  const { height, width } = shaped
  return rearranged(shaped, height, width, (row, column) => (height - 1 - row) * width + column)
}

/** `quarters` turns of 90 degrees counter-clockwise, as numpy's `rot90(image, quarters, axes=(0, 1))`. */
export const rotate = (shaped: Shaped, quarters: 1 | 2 | 3): Shaped => {
  const { height, width } = shaped
  if (quarters === 2) {
    return rearranged(shaped, height, width, (row, column) => (height - 1 - row) * width + width - 1 - column)
  }
  const from =
    quarters === 1
      ? (row: number, column: number) => column * width + width - 1 - row
      : (row: number, column: number) => (height - 1 - column) * width + row
  return rearranged(shaped, width, height, from)
}

/** The square of edge `size` whose upper left corner is at `top`, `left`. */
export const cut = (shaped: Shaped, top: number, left: number, size: number): Shaped =>
  rearranged(shaped, size, size, (row, column) => (top + row) * shaped.width + left + column)
