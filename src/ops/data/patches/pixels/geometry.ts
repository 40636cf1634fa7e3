/** Flips, quarter turns and cuts of images [height, width, channels]. */

export interface Shaped {
  /** float32 [height, width, channels]. */
  readonly image: Float32Array
  /** uint8 [height, width, channels]: 1 for a value that was filled in for want of data. */
  readonly nodata?: Uint8Array | undefined
  readonly height: number
  readonly width: number
}

/** The index of each output pixel's source pixel is origin + row * down + column * right. */
interface Walk {
  readonly origin: number
  readonly down: number
  readonly right: number
}

/** Copies `out.length` values of `image` into `out`, pixel by pixel along the walk. */
const walk = <A extends Float32Array | Uint8Array>(
  image: A,
  out: A,
  toWidth: number,
  way: Walk,
  channels: number
): A => {
  const toHeight = out.length / (toWidth * channels)
  const step = way.right * channels
  let at = 0
  for (let row = 0; row < toHeight; row++) {
    let from = (way.origin + row * way.down) * channels
    if (way.right === 1) {
      // Consecutive pixels are copied at once.
      out.set(image.subarray(from, from + toWidth * channels), at)
      at += toWidth * channels
      continue
    }
    for (let column = 0; column < toWidth; column++, from += step) {
      for (let c = 0; c < channels; c++) out[at++] = image[from + c]
    }
  }
  return out
}

const walked = ({ image, height, nodata, width }: Shaped, toHeight: number, toWidth: number, way: Walk): Shaped => {
  const channels = image.length / (height * width)
  const length = toHeight * toWidth * channels
  const moved = walk(image, new Float32Array(length), toWidth, way, channels)
  const shaped = { image: moved, height: toHeight, width: toWidth }
  if (nodata === undefined) return shaped
  return { ...shaped, nodata: walk(nodata, new Uint8Array(length), toWidth, way, channels) }
}

/** Mirrors an image left to right. */
export const flipHorizontally = (shaped: Shaped): Shaped => {
  const { height, width } = shaped
  return walked(shaped, height, width, { origin: width - 1, down: width, right: -1 })
}

/** Mirrors an image top to bottom. */
export const flipVertically = (shaped: Shaped): Shaped => {
  const { height, width } = shaped
  return walked(shaped, height, width, { origin: (height - 1) * width, down: -width, right: 1 })
}

/** Turns an image by `quarters` times 90 degrees counter-clockwise, as numpy's `rot90(image, quarters, axes=(0, 1))`. */
export const rotate = (shaped: Shaped, quarters: 1 | 2 | 3): Shaped => {
  const { height, width } = shaped
  const last = height * width - 1
  if (quarters === 1) return walked(shaped, width, height, { origin: width - 1, down: -1, right: width })
  if (quarters === 2) return walked(shaped, height, width, { origin: last, down: -width, right: -1 })
  return walked(shaped, width, height, { origin: last - width + 1, down: 1, right: -width })
}

/** Cuts out the square of edge `size` whose upper left corner is at `top`, `left`. */
export const cut = (shaped: Shaped, top: number, left: number, size: number): Shaped =>
  walked(shaped, size, size, { origin: top * shaped.width + left, down: shaped.width, right: 1 })
