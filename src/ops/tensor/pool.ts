/** Pools as differentiable operations of TensorFlow.js. */
import { outputLength, type PoolOptions, sidesOf } from "./geometry.ts"
import type { Memory } from "./memory.ts"
import { maxPoolGradients } from "./pool-gradient.ts"
import { givingWindows } from "./pool-window.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"
import type { TileWork } from "./tiles/room.ts"

const FORWARD = "orbitrank/MaxPool"
const GRADIENT = "orbitrank/MaxPoolGradient"

const maxPoolGradient = (
  memory: Memory,
  work: TileWork | undefined,
  x: Info,
  y: Info,
  dy: Info,
  pool: PoolOptions
): Info => {
  const dx = memory.make(x.shape)
  const pooled = { x: memory.values(x), dx: memory.values(dx), y: memory.values(y), dy: memory.values(dy) }
  const [N, H, W, C] = x.shape
  const [, OH, OW] = y.shape
  const shape = { H, W, C, OH, OW, pool }
  if (work?.enabled()) work.maxPoolGradient(pooled, shape, N)
  else maxPoolGradients(pooled, shape, givingWindows(memory, C), 0, N)
  return dx
}

/** Max-pooling and its gradient: x [N, H, W, C], y and dy [N, OH, OW, C]. */
export interface PoolKernels {
  readonly forward: (x: Info, pool: PoolOptions) => Info
  readonly gradient: (x: Info, y: Info, dy: Info, pool: PoolOptions) => Info
}

/** Returns max-pooling by the kernels of TensorFlow.js's own backends; the gradient is a loop over memory. */
export const composedMaxPool = (memory: Memory, work?: TileWork): PoolKernels => ({
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
  gradient: (x, y, dy, pool) => maxPoolGradient(memory, work, x, y, dy, pool)
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
