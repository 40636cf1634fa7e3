/** Normalisation layers. */
import { reshape } from "../tensor/elementwise.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { filled, type Layer, type Parameter, type Pass } from "./layer.ts"

/** Share of the newest batch in running statistics that the receiver of statistics applies; PyTorch's default. */
const MOMENTUM = 0.1

export interface BatchNormOptions {
  /** Followed by ReLU, in the same pass. */
  readonly relu?: boolean
  /** Added to variances. */
  readonly epsilon?: number
  /** Share of the newest batch in running statistics, at most 0.1. */
  readonly momentum?: number
}

/** Scale and shift of a norm under `NAME.weight` and `NAME.bias`. */
const affine = (name: string, channels: number): ReadonlyArray<Parameter> => [
  { name: `${name}.weight`, shape: [channels], role: "weight", init: filled(channels, 1) },
  { name: `${name}.bias`, shape: [channels], role: "weight", init: filled(channels, 0) }
]

/** What the receiver is to average with its share, so that the running value moves by `momentum` only. */
const damped = ({ engine, get }: Pass, name: string, seen: Tensor, momentum: number): Tensor => {
  if (momentum === MOMENTUM) return seen
  const blended = engine.keep(engine.blend(get(name), seen, momentum / MOMENTUM))
  engine.dispose([seen])
  return blended
}

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
      { name: mean, shape, role: "statistic", init: filled(channels, 0) },
      { name: variance, shape, role: "statistic", init: filled(channels, 1) }
    ],
    apply: (pass, x) => {
      const { engine, get, observe } = pass
      const [gamma, beta] = [get(`${name}.weight`), get(`${name}.bias`)]
      if (observe === undefined) {
        return engine.normalise(x, { gamma, beta, mean: get(mean), variance: get(variance) }, { relu, epsilon })
      }
      const seen = engine.batchNorm(x, gamma, beta, { relu, epsilon })
      observe(mean, damped(pass, mean, seen.mean, momentum))
      observe(variance, damped(pass, variance, seen.variance, momentum))
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

/** Instance normalisation (Ulyanov et al. 2016): each channel of each image by itself, in training and inference alike. */
export const instanceNorm = (name: string, channels: number): Layer => ({
  parameters: affine(name, channels),
  apply: ({ engine, get }, x) => engine.instanceNorm(x, get(`${name}.weight`), get(`${name}.bias`), { relu: false })
})
