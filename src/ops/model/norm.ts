/** Normalisation layers. */
import { addNumber, plus, reshape, standardise, times } from "../tensor/elementwise.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { filled, type Layer, type Parameter, type Pass } from "./layer.ts"

/** Added to variances by the engine's own batch norm; PyTorch's default. */
const EPSILON = 1e-5
/** Share of the newest batch in running statistics that the receiver of statistics applies; PyTorch's default. */
const MOMENTUM = 0.1

export interface NormOptions {
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

/** By the batch's own statistics with any epsilon; the engine's pass, which is faster, has a fixed one. */
const composedNorm = ({ engine, get }: Pass, name: string, x: Tensor, epsilon: number, relu: boolean) => {
  const { y, mean, variance } = standardise(x, [0, 1, 2], epsilon)
  const scaled = plus(times(y, get(`${name}.weight`)), get(`${name}.bias`))
  const [N = 1, H = 1, W = 1] = x.shape
  const unbiased = engine.tensor(Float32Array.of((N * H * W) / Math.max(1, N * H * W - 1)), [1])
  return {
    y: relu ? engine.relu(scaled) : scaled,
    mean: engine.keep(reshape(mean, [-1])),
    variance: engine.keep(times(reshape(variance, [-1]), unbiased))
  }
}

const inTraining = (pass: Pass, name: string, x: Tensor, { relu = false, epsilon = EPSILON }: NormOptions) =>
  epsilon === EPSILON
    ? pass.engine.batchNorm(x, pass.get(`${name}.weight`), pass.get(`${name}.bias`), { relu })
    : composedNorm(pass, name, x, epsilon, relu)

/** By the running statistics. */
const inInference = (
  { engine, get }: Pass,
  name: string,
  x: Tensor,
  { relu = false, epsilon = EPSILON }: NormOptions
) => {
  const variance = get(`${name}.running_var`)
  const given = {
    gamma: get(`${name}.weight`),
    beta: get(`${name}.bias`),
    mean: get(`${name}.running_mean`),
    // The engine adds its own epsilon.
    variance: epsilon === EPSILON ? variance : addNumber(variance, epsilon - EPSILON)
  }
  return engine.normalise(x, given, { relu })
}

/** What the receiver is to average with its share, so that the running value moves by `momentum` only. */
const damped = ({ engine, get }: Pass, name: string, seen: Tensor, momentum: number): Tensor => {
  if (momentum === MOMENTUM) return seen
  const blended = engine.keep(engine.blend(get(name), seen, momentum / MOMENTUM))
  engine.dispose([seen])
  return blended
}

/** Batch normalisation (Ioffe and Szegedy 2015) of images [n, h, w, channels]. */
export const batchNorm = (name: string, channels: number, options: NormOptions = {}): Layer => {
  const [mean, variance] = [`${name}.running_mean`, `${name}.running_var`]
  const { momentum = MOMENTUM } = options
  const shape = [channels]
  return {
    parameters: [
      ...affine(name, channels),
      { name: mean, shape, role: "statistic", init: filled(channels, 0) },
      { name: variance, shape, role: "statistic", init: filled(channels, 1) }
    ],
    apply: (pass, x) => {
      if (pass.observe === undefined) return inInference(pass, name, x, options)
      const seen = inTraining(pass, name, x, options)
      pass.observe(mean, damped(pass, mean, seen.mean, momentum))
      pass.observe(variance, damped(pass, variance, seen.variance, momentum))
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
  apply: ({ get }, x) => plus(times(standardise(x, [1, 2], EPSILON).y, get(`${name}.weight`)), get(`${name}.bias`))
})
