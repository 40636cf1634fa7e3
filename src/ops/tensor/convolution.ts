/** The convolution as a differentiable operation of TensorFlow.js, with gradients for every stride and dilation. */
import { filterGradient } from "./filter-gradient.ts"
import { type ConvOptions, convGeometry } from "./geometry.ts"
import { inputGradient } from "./input-gradient.ts"
import { type BackendName, type Memory, memoryOf } from "./memory.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"

const FORWARD = "orbitrank/Conv2D"
const TO_INPUT = "orbitrank/Conv2DInputGradient"
const TO_FILTER = "orbitrank/Conv2DFilterGradient"

type Inputs = { readonly [name: string]: Info }
type Attributes = ConvOptions & { readonly input?: ReadonlyArray<number>; readonly filter?: ReadonlyArray<number> }

const forward = (memory: Memory, { x, w }: Inputs, { stride, padding, dilation }: Attributes): Info => {
  const sides = [padding, padding]
  const pad = [[0, 0], sides, sides, [0, 0]]
  const strides = [stride, stride]
  const dilations = [dilation, dilation]
  const attrs = { strides, dilations, pad, dataFormat: "NHWC", dimRoundingMode: "floor" }
  return memory.kernel("Conv2D", { x, filter: w }, attrs)
}

/** Registers kernels and gradients with TensorFlow.js for one backend; a second call does nothing. */
export const registerConvolution = (tf: Tf, backend: BackendName): void => {
  if (tf.getKernel(FORWARD, backend) !== undefined) return
  const memory = memoryOf(tf, backend)
  const register = (kernelName: string, run: (inputs: Inputs, attrs: Attributes) => Info) =>
    tf.registerKernel({
      kernelName,
      backendName: backend,
      kernelFunc: ({ inputs, attrs }) => run(inputs as Inputs, attrs as unknown as Attributes)
    })
  register(FORWARD, (inputs, attrs) => forward(memory, inputs, attrs))
  register(TO_INPUT, ({ dy, w }, attrs) =>
    inputGradient(memory, dy, w, convGeometry(attrs.input ?? [], w.shape, attrs))
  )
  register(TO_FILTER, ({ x, dy }, attrs) =>
    filterGradient(memory, x, dy, convGeometry(x.shape, attrs.filter ?? [], attrs))
  )
  if (tf.getGradient(FORWARD) !== undefined) return
  // Each gradient is computed only where it is asked for: never the one of the images.
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ["x", "w"],
    gradFunc: (dy, saved, attrs) => {
      const [x, w] = saved
      const run = (name: string, inputs: Record<string, Tensor>, more: Record<string, ReadonlyArray<number>>) =>
        tf.engine().runKernel(name, inputs, { ...attrs, ...more } as never) as Tensor
      return {
        x: () => run(TO_INPUT, { dy: dy as Tensor, w }, { input: x.shape }),
        w: () => run(TO_FILTER, { x, dy: dy as Tensor }, { filter: w.shape })
      }
    }
  })
}

/**
 * Two-dimensional cross-correlation with symmetric padding, as PyTorch's `conv2d` without bias.
 *
 * @param x float32 [N, H, W, C]
 * @param w float32 [KH, KW, C, O]
 * @returns float32 [N, OH, OW, O]
 * @throws RangeError when the shapes do not fit
 */
export const conv2d = (tf: Tf, x: Tensor, w: Tensor, { stride, padding, dilation }: ConvOptions): Tensor => {
  convGeometry(x.shape, w.shape, { stride, padding, dilation })
  return tf.engine().runKernel(FORWARD, { x, w }, { stride, padding, dilation }) as Tensor
}
