/** Convolutions and matrix products as layers. */
import type { Random } from "../../../pipeline/random.ts"
import { plus } from "../../tensor/elementwise.ts"
import type { ConvOptions } from "../../tensor/geometry.ts"
import { filled, type Layer, type Parameter, uniform } from "./layer.ts"

export interface ConvolutionOptions extends Partial<ConvOptions> {
  /** Whether there is a bias `NAME.bias`, which starts at 0. */
  readonly bias?: boolean
}

/**
 * Convolution of images [n, h, w, from] to [n, h', w', to]. Initial weights are normal with standard deviation
 * sqrt(2 / (to kernel kernel)) (He et al. 2015, fan-out).
 *
 * @param name the weights are `NAME.weight`, [to, from / groups, kernel, kernel]
 */
export const convolution = (
  name: string,
  from: number,
  to: number,
  kernel: number,
  { stride = 1, padding = 0, dilation = 1, groups = 1, bias = false }: ConvolutionOptions = {}
): Layer => {
  const weight = `${name}.weight`
  const deviation = Math.sqrt(2 / (to * kernel * kernel))
  const shape = [to, from / groups, kernel, kernel]
  const size = shape.reduce((product, n) => product * n, 1)
  const init = (random: Random) => {
    const values = new Float32Array(size)
    for (let i = 0; i < size; i++) values[i] = deviation * random.normal()
    return values
  }
  const parameters: Array<Parameter> = [{ name: weight, shape, role: "weight", init }]
  if (bias) parameters.push({ name: `${name}.bias`, shape: [to], role: "weight", init: filled(to, 0) })
  return {
    parameters,
    apply: ({ engine, get }, x) => {
      const y = engine.conv2d(x, get(weight), { stride, padding, dilation, groups })
      return bias ? plus(y, get(`${name}.bias`)) : y
    }
  }
}

/** Linear layer, [n, from] to [n, to]. Initial weights are uniform in +-1 / sqrt(from), as in PyTorch. */
export const linear = (
  name: string,
  from: number,
  to: number,
  { bias = false }: { readonly bias?: boolean } = {}
): Layer => {
  const weight = `${name}.weight`
  const bound = 1 / Math.sqrt(from)
  const parameters: Array<Parameter> = [
    { name: weight, shape: [to, from], role: "weight", init: uniform(to * from, bound) }
  ]
  if (bias) parameters.push({ name: `${name}.bias`, shape: [to], role: "weight", init: uniform(to, bound) })
  return {
    parameters,
    apply: ({ engine, get }, x) => {
      const y = engine.matMul(x, get(weight))
      return bias ? plus(y, get(`${name}.bias`)) : y
    }
  }
}
