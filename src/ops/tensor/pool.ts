/** Pools as differentiable operations of TensorFlow.js. */
import { outputLength, type PoolOptions, sidesOf } from "./geometry.ts"
import type { Memory } from "./memory.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"

const FORWARD = "orbitrank/MaxPool"
const GRADIENT = "orbitrank/MaxPoolGradient"

/**
 * Passes the gradient of each window to its first maximum in row-major order, as PyTorch does. It works for maxima of any
 * sign; the kernel of the WebAssembly engine loses maxima that are zero or negative.
 */
const maxPoolGradient = (memory: Memory, x: Info, y: Info, dy: Info, pool: PoolOptions): Info => {
  const [N, H, W, C] = x.shape
  const [, OH, OW] = y.shape
  const [padTop, , padLeft] = sidesOf(pool.padding)
  const dx = memory.make(x.shape)
  const [input, output, from, to] = [x, y, dy, dx].map(memory.values)
  to.fill(0)
  const give = (n: number, top: number, left: number, window: number) => {
    const [firstRow, firstColumn] = [Math.max(0, top), Math.max(0, left)]
    const [endRow, endColumn] = [Math.min(H, top + pool.size), Math.min(W, left + pool.size)]
    for (let c = 0; c < C; c++) {
      const maximum = output[window + c]
      search: for (let row = firstRow; row < endRow; row++) {
        let at = ((n * H + row) * W + firstColumn) * C + c
        for (let column = firstColumn; column < endColumn; column++, at += C) {
          if (input[at] !== maximum) continue
          to[at] += from[window + c]
          break search
        }
      }
    }
  }
  for (let n = 0, window = 0; n < N; n++) {
    for (let i = 0; i < OH; i++) {
      for (let j = 0; j < OW; j++, window += C) {
        give(n, i * pool.stride - padTop, j * pool.stride - padLeft, window)
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
