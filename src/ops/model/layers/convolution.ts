/** Convolutions and matrix products as layers. */
import type { Random } from "../../../pipeline/random.ts"
import { plus } from "../../tensor/elementwise.ts"
import type { ConvOptions } from "../../tensor/geometry.ts"
import { filled, type Layer, type Parameter, uniform } from "./layer.ts"

export interface ConvolutionOptions extends Partial<ConvOptions> {
  /** Adds `NAME.bias`, which starts from 0. */
  readonly bias?: boolean
}

/**
 * Convolution. Initialised as He et al. 2015 (fan-out): normal with deviation sqrt(2 / (O KH KW)).
 *
 * @param name its parameter is `NAME.weight`, [to, from / groups, kernel, kernel]
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
  const init = (random: Random) => Float32Array.from({ length: size }, () => deviation * random.normal())
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

/** Matrix product, [n, from] to [n, to]; uniform in +-1 / sqrt(from), PyTorch's default. */
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
