/** Pools as differentiable operations of TensorFlow.js. */
import { outputLength, type PoolOptions, sidesOf } from "./geometry.ts"
import type { Memory } from "./memory.ts"
import { givingWindows } from "./pool-window.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"

const FORWARD = "orbitrank/MaxPool"
const GRADIENT = "orbitrank/MaxPoolGradient"

/** One window of an image: places of its first value and of its maximum, and the part of it that is not padding. */
interface Window {
  readonly first: number
  readonly at: number
  readonly rows: number
  readonly columns: number
}

/** Values of x, its gradient dx, the maxima y and their gradients dy. */
interface Pooled {
  readonly x: Float32Array
  readonly dx: Float32Array
  readonly y: Float32Array
  readonly dy: Float32Array
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

/** Does the same for four channels at a time; undefined if the engine cannot. */
const byVectors = (memory: Memory, pooled: Pooled, W: number, C: number): Give | undefined => {
  const give = givingWindows(memory, C)
  if (give === undefined) return undefined
  const [x, dx, y, dy] = [pooled.x, pooled.dx, pooled.y, pooled.dy].map(({ byteOffset }) => byteOffset)
  return ({ at, columns, first, rows }) =>
    give(x + 4 * first, dx + 4 * first, y + 4 * at, dy + 4 * at, rows, columns, 4 * C * (W - columns))
}

/**
 * Passes the gradient of each window to its first maximum in row-major order, as PyTorch does. It works for maxima of any
 * sign; the kernel of the WebAssembly engine loses maxima that are zero or negative.
 */
const maxPoolGradient = (memory: Memory, x: Info, y: Info, dy: Info, pool: PoolOptions): Info => {
  const [N, H, W, C] = x.shape
  const [, OH, OW] = y.shape
  const [padTop, , padLeft] = sidesOf(pool.padding)
  const dx = memory.make(x.shape)
  const pooled = { x: memory.values(x), dx: memory.values(dx), y: memory.values(y), dy: memory.values(dy) }
  pooled.dx.fill(0)
  const give = byVectors(memory, pooled, W, C) ?? byChannel(pooled, W, C)
  for (let n = 0, at = 0; n < N; n++) {
    for (let i = 0; i < OH; i++) {
      const [top, end] = [Math.max(0, i * pool.stride - padTop), Math.min(H, i * pool.stride - padTop + pool.size)]
      for (let j = 0; j < OW; j++, at += C) {
        const left = Math.max(0, j * pool.stride - padLeft)
        const columns = Math.min(W, j * pool.stride - padLeft + pool.size) - left
        give({ at, first: ((n * H + top) * W + left) * C, rows: end - top, columns })
      }
    }
  }
  return dx
}

/** Max-pooling and its gradient: x [N, H, W, C], y and dy [N, OH, OW, C]. */
export interface PoolKernels {
  readonly forward: (x: Info, pool: PoolOptions) => Info
  readonly gradient: (x: Info, y: Info, dy: Info, pool: PoolOptions) => Info
}

/** Returns max-pooling by the kernels of TensorFlow.js's own backends; the gradient is a loop over memory. */
export const composedMaxPool = (memory: Memory): PoolKernels => ({
  forward: (x, { size, stride, padding }) => {
    const [top, bottom, left, right] = sidesOf(padding)
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0]
    ]
    const attrs = { filterSize: [size, size], strides: [stride, stride], pad, dimRoundingMode: "floor" }
    return memory.kernel("MaxPool", { x }, attrs)
  },
  gradient: (x, y, dy, pool) => maxPoolGradient(memory, x, y, dy, pool)
})

/** Registers kernel and gradient with TensorFlow.js for one backend; a second call does nothing. */
export const registerMaxPool = (tf: Tf, backend: string, kernels: PoolKernels): void => {
  if (tf.getKernel(FORWARD, backend) !== undefined) return
  tf.registerKernel({
    kernelName: FORWARD,
    backendName: backend,
    kernelFunc: ({ inputs, attrs }) => kernels.forward(inputs.x as Info, attrs as unknown as PoolOptions)
  })
  tf.registerKernel({
    kernelName: GRADIENT,
    backendName: backend,
    kernelFunc: ({ inputs, attrs }) => {
      const { x, y, dy } = inputs as Record<string, Info>
      return kernels.gradient(x, y, dy, attrs as unknown as PoolOptions)
    }
  })
  if (tf.getGradient(FORWARD) !== undefined) return
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => ({
      x: () => tf.engine().runKernel(GRADIENT, { x: saved[0], y: saved[1], dy: dy as Tensor }, attrs as never) as Tensor
    })
  })
}

/**
 * Returns the largest value of each window; padding is never the largest.
 *
 * @param x float32 [N, H, W, C]
 * @returns float32 [N, OH, OW, C], lengths rounded down
 * @throws RangeError if the padding exceeds half the window, or no window fits
 */
export const maxPool = (tf: Tf, x: Tensor, { size, stride, padding }: PoolOptions): Tensor => {
  const [top, bottom, left, right] = sidesOf(padding)
  const most = Math.max(top, bottom, left, right)
  if (2 * most > size) throw new RangeError(`a padding of ${most} is more than half a window of ${size}`)
  const [, H = 0, W = 0] = x.shape
  if ([H + top + bottom, W + left + right].some((n) => outputLength(n, size, stride, 1) < 1))
    throw new RangeError(`a window of ${size} does not fit an image of ${x.shape}`)
  return tf.engine().runKernel(FORWARD, { x }, { size, stride, padding }) as Tensor
}

/**
 * Returns the mean over rows and columns.
 *
 * @param x float32 [N, H, W, C]
 * @returns float32 [N, C]
 */
export const globalAveragePool = (tf: Tf, x: Tensor): Tensor => {
  const pooled = tf.customGrad((input) => {
    const [N, H, W, C] = (input as Tensor).shape as [number, number, number, number]
    return {
      value: tf.reshape(tf.avgPool(input as never, [H, W], 1, "valid"), [N, C]),
      gradFunc: (dy: Tensor) => tf.tidy(() => tf.mul(tf.fill([1, H, W, 1], 1 / (H * W)), tf.reshape(dy, [N, 1, 1, C])))
    }
  })
  return pooled(x)
}
