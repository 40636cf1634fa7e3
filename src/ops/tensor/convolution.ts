/** The convolution as a differentiable operation of TensorFlow.js, over the kernels of one backend. */
import { type ConvGeometry, type ConvOptions, convGeometry } from "./geometry.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"

const FORWARD = "orbitrank/Conv2D"
const TO_INPUT = "orbitrank/Conv2DInputGradient"
const TO_FILTER = "orbitrank/Conv2DFilterGradient"

/** The convolution and its two gradients: x [N, H, W, C], w [KH, KW, C / groups, O], y and dy [N, OH, OW, O]. */
export interface ConvKernels {
  readonly forward: (x: Info, w: Info, g: ConvGeometry) => Info
  readonly toInput: (dy: Info, w: Info, g: ConvGeometry) => Info
  readonly toFilter: (x: Info, dy: Info, g: ConvGeometry) => Info
}

type Inputs = { readonly [name: string]: Info }

/** Registers kernels and gradients with TensorFlow.js for one backend; a second call does nothing. */
export const registerConvolution = (tf: Tf, backend: string, kernels: ConvKernels): void => {
  if (tf.getKernel(FORWARD, backend) !== undefined) return
  const register = (kernelName: string, run: (inputs: Inputs, geometry: ConvGeometry) => Info) =>
    tf.registerKernel({
      kernelName,
      backendName: backend,
      kernelFunc: ({ inputs, attrs }) => run(inputs as Inputs, attrs as unknown as ConvGeometry)
    })
  register(FORWARD, ({ x, w }, g) => kernels.forward(x, w, g))
  register(TO_INPUT, ({ dy, w }, g) => kernels.toInput(dy, w, g))
  register(TO_FILTER, ({ x, dy }, g) => kernels.toFilter(x, dy, g))
  if (tf.getGradient(FORWARD) !== undefined) return
  // Each gradient is computed only if it is needed; that of the images never is.
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ["x", "w"],
    gradFunc: (dy, [x, w], attrs) => ({
      x: () => tf.engine().runKernel(TO_INPUT, { dy: dy as Tensor, w }, attrs) as Tensor,
      w: () => tf.engine().runKernel(TO_FILTER, { x, dy: dy as Tensor }, attrs) as Tensor
    })
  })
}

/**
 * Returns the two-dimensional cross-correlation with explicit padding, as PyTorch's `conv2d` without bias.
 *
 * @param x float32 [N, H, W, C]
 * @param w float32 [KH, KW, C / groups, O]
 * @returns float32 [N, OH, OW, O]
 * @throws RangeError if the shapes do not fit
 */
export const conv2d = (tf: Tf, x: Tensor, w: Tensor, options: ConvOptions): Tensor =>
  tf.engine().runKernel(FORWARD, { x, w }, convGeometry(x.shape, w.shape, options) as never) as Tensor
