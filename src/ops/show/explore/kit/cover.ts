/** Points of a map as pixels. */

/** Points in the unit square; NaN for images that have no place. */
export interface Points {
  readonly x: Float32Array
  readonly y: Float32Array
}

/** How points look. */
export interface Look {
  /** Colour of each point, as a number of `palette`. */
  readonly colours: Uint8Array
  readonly palette: ReadonlyArray<string>
  /** Whether a point passes the filters; the others are faint. */
  readonly shown: ((image: number) => boolean) | undefined
  /** Points with a ring: the results. */
  readonly results: ReadonlyArray<number>
  /** Points with a large mark: the examples, and the examples to avoid. */
  readonly like: ReadonlyArray<number>
  readonly unlike: ReadonlyArray<number>
  readonly selected: ReadonlySet<number>
}

/** Where the unit square lies on the canvas: screen = middle + (point - centre) * scale. */
export interface Camera {
  x: number
  y: number
  scale: number
}

/**
 * The highest number of the points that cover each pixel; 0 for a pixel that no point covers.
 *
 * @param camera in pixels of the layer
 * @param edge of a point in pixels
 * @param number gives the number of a point, at least 1
 * @returns uint8 [height, width]
 *
 * @example
 * const points = { x: Float32Array.of(0, 0.5), y: Float32Array.of(0, 0) }
 * cover(points, { x: 0, y: 0, scale: 2 }, 4, 1, 1, (point) => point + 1) // => Uint8Array.of(0, 0, 1, 2)
 */
export const cover = (
  points: Points,
  camera: Camera,
  width: number,
  height: number,
  edge: number,
  number: (point: number) => number
): Uint8Array => {
  const out = new Uint8Array(width * height)
  const [left, top] = [width / 2 - camera.x * camera.scale, height / 2 - camera.y * camera.scale]
  for (let point = 0; point < points.x.length; point++) {
    const x = Math.floor(left + points.x[point] * camera.scale - edge / 2 + 0.5)
    const y = Math.floor(top + points.y[point] * camera.scale - edge / 2 + 0.5)
    if (!(x >= 0 && y >= 0 && x + edge <= width && y + edge <= height)) continue
    const own = number(point)
    for (let row = y; row < y + edge; row++)
      for (let at = row * width + x; at < row * width + x + edge; at++) if (out[at] < own) out[at] = own
  }
  return out
}
