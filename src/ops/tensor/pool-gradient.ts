/** The gradient of max-pooling. Threads run it, so it does not import Effect. */
import { type PoolOptions, sidesOf } from "./geometry.ts"
import type { GiveWindow } from "./pool-window.ts"

/** One window of an image: places of its first value and of its maximum, and the part of it that is not padding. */
interface Window {
  readonly first: number
  readonly at: number
  readonly rows: number
  readonly columns: number
}

/** Values of x, its gradient dx, the maxima y and their gradients dy. */
export interface Pooled {
  readonly x: Float32Array
  readonly dx: Float32Array
  readonly y: Float32Array
  readonly dy: Float32Array
}

/** Sizes of images [H, W, C] and of their maxima [OH, OW, C]. */
export interface PoolShape {
  readonly H: number
  readonly W: number
  readonly C: number
  readonly OH: number
  readonly OW: number
  readonly pool: PoolOptions
}

type Give = (window: Window) => void

/** Gives the gradients of a window to its first maxima, one channel at a time. */
const byChannel =
  ({ dx, dy, x, y }: Pooled, W: number, C: number): Give =>
  ({ at, columns, first, rows }) => {
    for (let c = 0; c < C; c++) {
      const maximum = y[at + c]
      search: for (let row = 0; row < rows; row++) {
        for (let column = 0, place = first + row * W * C + c; column < columns; column++, place += C) {
          if (x[place] !== maximum) continue
          dx[place] += dy[at + c]
          break search
        }
      }
    }
  }

/** Does the same for four channels at a time. */
const byVectors = (give: GiveWindow, pooled: Pooled, W: number, C: number): Give => {
  const [x, dx, y, dy] = [pooled.x, pooled.dx, pooled.y, pooled.dy].map(({ byteOffset }) => byteOffset)
  return ({ at, columns, first, rows }) =>
    give(x + 4 * first, dx + 4 * first, y + 4 * at, dy + 4 * at, rows, columns, 4 * C * (W - columns))
}

/**
 * Passes the gradient of each window to its first maximum in row-major order, as PyTorch does. It works for maxima of any
 * sign; the kernel of the WebAssembly engine loses maxima that are zero or negative.
 *
 * @param given a function for vectors in the memory of `pooled`, if the engine has one
 * @param from,to the images [from, to), whose dx is written
 */
export const maxPoolGradients = (
  pooled: Pooled,
  { C, H, OH, OW, W, pool }: PoolShape,
  given: GiveWindow | undefined,
  from: number,
  to: number
): void => {
  const [padTop, , padLeft] = sidesOf(pool.padding)
  pooled.dx.fill(0, from * H * W * C, to * H * W * C)
  const give = given === undefined ? byChannel(pooled, W, C) : byVectors(given, pooled, W, C)
  for (let n = from, at = from * OH * OW * C; n < to; n++) {
    for (let i = 0; i < OH; i++) {
      const [top, end] = [Math.max(0, i * pool.stride - padTop), Math.min(H, i * pool.stride - padTop + pool.size)]
      for (let j = 0; j < OW; j++, at += C) {
        const left = Math.max(0, j * pool.stride - padLeft)
        const columns = Math.min(W, j * pool.stride - padLeft + pool.size) - left
        give({ at, first: ((n * H + top) * W + left) * C, rows: end - top, columns })
      }
    }
  }
}
