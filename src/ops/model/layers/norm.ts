/** Normalisation layers. */
import { reshape } from "../../tensor/elementwise.ts"
import { filled, type Layer, type Parameter } from "./layer.ts"

/** Share of the newest batch in running statistics; PyTorch's default. */
const MOMENTUM = 0.1

export interface BatchNormOptions {
  /** Whether ReLU follows. */
  readonly relu?: boolean
  /** Constant that is added to variances. */
  readonly epsilon?: number
  /** Share of the newest batch in running statistics. */
  readonly momentum?: number
}

/** Scale `NAME.weight` and shift `NAME.bias` of a norm. */
const affine = (name: string, channels: number): ReadonlyArray<Parameter> => [
  { name: `${name}.weight`, shape: [channels], role: "weight", init: filled(channels, 1) },
  { name: `${name}.bias`, shape: [channels], role: "weight", init: filled(channels, 0) }
]

/** Batch normalisation (Ioffe and Szegedy 2015) of images [n, h, w, channels]. */
export const batchNorm = (
  name: string,
  channels: number,
  { relu = false, epsilon = 1e-5, momentum = MOMENTUM }: BatchNormOptions = {}
): Layer => {
  const [mean, variance] = [`${name}.running_mean`, `${name}.running_var`]
  const shape = [channels]
  return {
    parameters: [
      ...affine(name, channels),
      { name: mean, shape, role: "statistic", momentum, init: filled(channels, 0) },
      { name: variance, shape, role: "statistic", momentum, init: filled(channels, 1) }
    ],
    apply: ({ engine, get, observe }, x) => {
      const [gamma, beta] = [get(`${name}.weight`), get(`${name}.bias`)]
      if (observe === undefined) {
        return engine.normalise(x, { gamma, beta, mean: get(mean), variance: get(variance) }, { relu, epsilon })
      }
      const seen = engine.batchNorm(x, gamma, beta, { relu, epsilon })
      observe(mean, seen.mean)
      observe(variance, seen.variance)
      return seen.y
    }
  }
}

/** Batch normalisation of rows [n, channels]. */
export const rowBatchNorm = (name: string, channels: number): Layer => {
  const { parameters, apply } = batchNorm(name, channels)
  return {
    parameters,
    apply: (pass, x) => reshape(apply(pass, reshape(x, [-1, 1, 1, channels])), [-1, channels])
  }
}

/** Instance normalisation (Ulyanov et al. 2016): each channel of each image by its own mean and variance, also in inference. */
export const instanceNorm = (name: string, channels: number): Layer => ({
  parameters: affine(name, channels),
  apply: ({ engine, get }, x) => engine.instanceNorm(x, get(`${name}.weight`), get(`${name}.bias`), { relu: false })
})
