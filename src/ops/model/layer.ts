/**
 * Layers: what a network is built of. A layer names its parameters and says how to apply them; it holds no weights, so
 * the same network value serves training, inference and files.
 */
import type { Random } from "../../pipeline/random.ts"
import type { Engine } from "../tensor/engine.ts"
import type { ConvOptions, PoolOptions } from "../tensor/geometry.ts"
import type { Tensor } from "../tensor/tfjs.ts"

/** One array of a network: name and shape as a PyTorch state dict has them (convolutions [O, I, KH, KW]). */
export interface Parameter {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  /** Weights are trained; statistics are averages of what was seen in training. */
  readonly role: "weight" | "statistic"
  readonly init: (random: Random) => Float32Array
}

/** One forward pass: where parameters come from, and what is done with the batch's statistics. */
export interface Pass {
  readonly engine: Engine
  /** A parameter in the engine's layout. */
  readonly get: (name: string) => Tensor
  /**
   * In training, batch norms use the batch's own statistics and hand them over here, to be averaged and disposed by the
   * receiver. Without it (inference) they use the averages.
   */
  readonly observe: ((name: string, seen: Tensor) => void) | undefined
}

export interface Layer {
  readonly parameters: ReadonlyArray<Parameter>
  readonly apply: (pass: Pass, x: Tensor) => Tensor
}

const filled = (size: number, value: number) => () => new Float32Array(size).fill(value)

/**
 * Convolution without bias. Initialised as He et al. 2015 (fan-out): normal with deviation sqrt(2 / (O KH KW)).
 *
 * @param name its parameter is `NAME.weight`
 */
export const convolution = (
  name: string,
  from: number,
  to: number,
  kernel: number,
  { stride = 1, padding = 0, dilation = 1 }: Partial<ConvOptions> = {}
): Layer => {
  const weight = `${name}.weight`
  const deviation = Math.sqrt(2 / (to * kernel * kernel))
  const init = (random: Random) =>
    Float32Array.from({ length: to * from * kernel * kernel }, () => deviation * random.normal())
  return {
    parameters: [{ name: weight, shape: [to, from, kernel, kernel], role: "weight", init }],
    apply: ({ engine, get }, x) => engine.conv2d(x, get(weight), { stride, padding, dilation })
  }
}

/** Batch normalisation, eps 1e-5, followed by ReLU if asked; both in one pass. */
export const batchNorm = (
  name: string,
  channels: number,
  { relu = false }: { readonly relu?: boolean } = {}
): Layer => {
  const [gamma, beta] = [`${name}.weight`, `${name}.bias`]
  const [mean, variance] = [`${name}.running_mean`, `${name}.running_var`]
  const shape = [channels]
  return {
    parameters: [
      { name: gamma, shape, role: "weight", init: filled(channels, 1) },
      { name: beta, shape, role: "weight", init: filled(channels, 0) },
      { name: mean, shape, role: "statistic", init: filled(channels, 0) },
      { name: variance, shape, role: "statistic", init: filled(channels, 1) }
    ],
    apply: ({ engine, get, observe }, x) => {
      if (observe === undefined) {
        const given = { gamma: get(gamma), beta: get(beta), mean: get(mean), variance: get(variance) }
        return engine.normalise(x, given, { relu })
      }
      const seen = engine.batchNorm(x, get(gamma), get(beta), { relu })
      observe(mean, seen.mean)
      observe(variance, seen.variance)
      return seen.y
    }
  }
}

/** Matrix product without bias, [n, from] to [n, to]; uniform in +-1 / sqrt(from), PyTorch's default. */
export const linear = (name: string, from: number, to: number): Layer => {
  const weight = `${name}.weight`
  const bound = 1 / Math.sqrt(from)
  const init = (random: Random) => Float32Array.from({ length: to * from }, () => random.between(-bound, bound))
  return {
    parameters: [{ name: weight, shape: [to, from], role: "weight", init }],
    apply: ({ engine, get }, x) => engine.matMul(x, get(weight))
  }
}

export const maxPool = (options: PoolOptions): Layer => ({
  parameters: [],
  apply: ({ engine }, x) => engine.maxPool(x, options)
})

export const globalAveragePool: Layer = {
  parameters: [],
  apply: ({ engine }, x) => engine.globalAveragePool(x)
}

export const sequence = (...layers: ReadonlyArray<Layer>): Layer => ({
  parameters: layers.flatMap((layer) => layer.parameters),
  apply: (pass, x) => layers.reduce((y, layer) => layer.apply(pass, y), x)
})

/** relu(main(x) + shortcut(x)); without a shortcut the input itself is added. */
export const residual = (main: Layer, shortcut: Layer | undefined): Layer => ({
  parameters: [...main.parameters, ...(shortcut?.parameters ?? [])],
  apply: (pass, x) => pass.engine.addRelu(main.apply(pass, x), shortcut === undefined ? x : shortcut.apply(pass, x))
})
