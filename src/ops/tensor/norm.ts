/**
 * Batch normalisation (Ioffe and Szegedy 2015) in passes that XNNPACK runs at the speed of memory: channel means as one average
 * pool; scale, shift and ReLU as one 1x1 depthwise convolution.
 */
import { SingleValueError } from "./engine-error.ts"
import { sizeOf } from "./memory.ts"
import type { Tensor, Tf } from "./tfjs.ts"

/** Added to variances, as in PyTorch. */
export const EPSILON = 1e-5

type Image = Parameters<Tf["avgPool"]>[0] & Tensor

const pixelsOf = (x: Tensor): number => sizeOf(x.shape) / (x.shape[x.shape.length - 1] ?? 1)

/** Checks the shape of a batch. @throws SingleValueError if there is one value per channel, which has no variance */
export const checkVaries = (x: Tensor): void => {
  if (pixelsOf(x) > 1) return
  throw new SingleValueError({
    subject: "batch norm",
    problem: "has a single value per channel, which has no variance to train with",
    remedy: "Drop the incomplete last batch of an epoch (`drop_last: true` of `batch`), or use larger batches or images"
  })
}

/** Coefficients [C] of a gradient: ofG g + ofH h + constant, where h = scale x + shift. */
type Coefficients = readonly [scale: Tensor, shift: Tensor, ofG: Tensor, ofH: Tensor, constant: Tensor]

/**
 * The passes over all pixels that batch norm consists of. Images and slopes are [N, H, W, C], coefficients and results without pixels
 * [C]. In gradients, g is dy, or dy where y > 0 if `y` is given, and h = scale x + shift.
 */
export interface NormPasses {
  readonly mean: (x: Tensor) => Tensor
  /** Mean of the squared distances from the mean. */
  readonly variance: (x: Tensor, mean: Tensor) => Tensor
  /** scale x + shift, then ReLU if `relu` is set. */
  readonly scaled: (x: Tensor, scale: Tensor, shift: Tensor, relu: boolean) => Tensor
  /** The means of g and of g h. */
  readonly slopes: (
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    dy: Tensor,
    y: Tensor | undefined
  ) => readonly [Tensor, Tensor]
  /** The gradient of x. */
  readonly gradient: (x: Tensor, coefficients: Coefficients, dy: Tensor, y: Tensor | undefined) => Tensor
}

/** The passes by kernels that every backend has. */
export const composedPasses = (tf: Tf): NormPasses => {
  const mean = (x: Tensor): Tensor => {
    const [N, H, W, C] = x.shape as [number, number, number, number]
    const tall = tf.reshape(x, [1, N * H, W, C]) as Image
    return tf.reshape(tf.avgPool(tall, [N * H, W], 1, "valid"), [C])
  }
  const scaled: NormPasses["scaled"] = (x, scale, shift, relu) =>
    tf.fused.depthwiseConv2d({
      x: x as Image,
      filter: tf.reshape(scale, [1, 1, -1, 1]) as never,
      strides: 1,
      pad: "valid",
      bias: shift,
      activation: relu ? "relu" : "linear"
    })
  const slopeOf = (dy: Tensor, y: Tensor | undefined): Tensor => (y === undefined ? dy : tf.mul(dy, tf.step(y)))
  return {
    mean,
    variance: (x, center) => mean(tf.squaredDifference(x, center)),
    scaled,
    slopes: (x, scale, shift, dy, y) => {
      const g = slopeOf(dy, y)
      return [mean(g), mean(tf.mul(g, scaled(x, scale, shift, false)))]
    },
    gradient: (x, [scale, shift, ofG, ofH, constant], dy, y) => {
      const fromG = scaled(slopeOf(dy, y), ofG, tf.zerosLike(ofG), false)
      return tf.add(fromG, scaled(scaled(x, scale, shift, false), ofH, constant, false))
    }
  }
}

export interface NormOptions {
  /** Whether ReLU follows. */
  readonly relu: boolean
  /** Added to variances; default 1e-5. */
  readonly epsilon?: number
}

/** Scale, shift and statistics of a normalisation, float32 [C] each. */
export interface Given {
  readonly gamma: Tensor
  readonly beta: Tensor
  readonly mean: Tensor
  readonly variance: Tensor
}

export interface Normalised {
  /** float32 of the input's shape. */
  readonly y: Tensor
  /** Mean of each channel over the batch, [C]; no gradient flows through it. */
  readonly mean: Tensor
  /** Unbiased variance of each channel over the batch (divided by count - 1), [C]; no gradient either. */
  readonly variance: Tensor
}

/**
 * Returns y = gamma (x - mean) / sqrt(var + epsilon) + beta with the batch's own statistics, then ReLU if `relu` is set.
 *
 * With g = dy where y > 0 (all of dy without ReLU), n values a channel and h = (x - mean) / sqrt(var + epsilon):
 * dbeta = sum g, dgamma = sum g h, dx = gamma / sqrt(var + epsilon) (g - mean(g) - h mean(g h)).
 *
 * @param x float32 [N, H, W, C]
 * @param gamma,beta float32 [C]
 * @throws SingleValueError if N H W is 1
 */
export const batchNorm = (
  tf: Tf,
  passes: NormPasses,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { relu, epsilon = EPSILON }: NormOptions
): Normalised => {
  checkVaries(x)
  let statistics: { mean: Tensor; variance: Tensor } | undefined
  const apply = tf.customGrad((...args) => {
    const [input, scale, shift] = args as unknown as [Tensor, Tensor, Tensor]
    const save = args[3] as unknown as (tensors: Array<Tensor>) => void
    const n = pixelsOf(input)
    const mean = passes.mean(input)
    const variance = passes.variance(input, mean)
    const inverse = tf.rsqrt(tf.add(variance, epsilon))
    const a = tf.mul(scale, inverse)
    const y = passes.scaled(input, a, tf.sub(shift, tf.mul(mean, a)), relu)
    statistics = { mean: tf.keep(mean), variance: tf.keep(tf.mul(variance, n / (n - 1))) }
    save([input, scale, mean, inverse, y])
    return { value: y, gradFunc: (dy, saved) => gradients(tf, passes, dy as Tensor, saved as Array<Tensor>, relu) }
  })
  const y = apply(x, gamma, beta)
  const { mean, variance } = statistics as { mean: Tensor; variance: Tensor }
  return { y, mean, variance }
}

const gradients = (
  tf: Tf,
  passes: NormPasses,
  dy: Tensor,
  saved: ReadonlyArray<Tensor>,
  relu: boolean
): Array<Tensor> =>
  tf.tidy(() => {
    const [x, gamma, mean, inverse, output] = saved
    const n = pixelsOf(x)
    const y = relu ? output : undefined
    const shift = tf.neg(tf.mul(mean, inverse)) as Tensor
    const [meanG, meanGH] = passes.slopes(x, inverse, shift, dy, y)
    const a = tf.mul(gamma, inverse) as Tensor
    const dx = passes.gradient(x, [inverse, shift, a, tf.neg(tf.mul(a, meanGH)), tf.neg(tf.mul(a, meanG))], dy, y)
    return [dx, tf.mul(meanGH, n), tf.mul(meanG, n)]
  })

/**
 * Returns the same with given statistics (inference). It has no gradient.
 *
 * @param mean,variance running statistics, float32 [C]
 */
export const normalise = (
  tf: Tf,
  passes: NormPasses,
  x: Tensor,
  given: Given,
  { relu, epsilon = EPSILON }: NormOptions
): Tensor => {
  const a = tf.mul(given.gamma, tf.rsqrt(tf.add(given.variance, epsilon)))
  return passes.scaled(x, a, tf.sub(given.beta, tf.mul(given.mean, a)), relu)
}
