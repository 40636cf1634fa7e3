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

/** Returns the mean of each channel over all images and pixels, [C]. */
const channelMean = (tf: Tf, x: Tensor): Tensor => {
  const [N, H, W, C] = x.shape as [number, number, number, number]
  const tall = tf.reshape(x, [1, N * H, W, C]) as Image
  return tf.reshape(tf.avgPool(tall, [N * H, W], 1, "valid"), [C])
}

/** Returns scale[c] x + shift[c], then ReLU if `relu` is set. */
const scaled = (tf: Tf, x: Tensor, scale: Tensor, shift: Tensor, relu: boolean): Tensor =>
  tf.fused.depthwiseConv2d({
    x: x as Image,
    filter: tf.reshape(scale, [1, 1, -1, 1]) as never,
    strides: 1,
    pad: "valid",
    bias: shift,
    activation: relu ? "relu" : "linear"
  })

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
    const mean = channelMean(tf, input)
    const variance = channelMean(tf, tf.squaredDifference(input, mean))
    const inverse = tf.rsqrt(tf.add(variance, epsilon))
    const a = tf.mul(scale, inverse)
    const y = scaled(tf, input, a, tf.sub(shift, tf.mul(mean, a)), relu)
    statistics = { mean: tf.keep(mean), variance: tf.keep(tf.mul(variance, n / (n - 1))) }
    save([input, scale, mean, inverse, y])
    return { value: y, gradFunc: (dy, saved) => gradients(tf, dy as Tensor, saved as Array<Tensor>, relu) }
  })
  const y = apply(x, gamma, beta)
  const { mean, variance } = statistics as { mean: Tensor; variance: Tensor }
  return { y, mean, variance }
}

const gradients = (tf: Tf, dy: Tensor, saved: ReadonlyArray<Tensor>, relu: boolean): Array<Tensor> =>
  tf.tidy(() => {
    const [x, gamma, mean, inverse, y] = saved
    const n = pixelsOf(x)
    const g = relu ? tf.mul(dy, tf.step(y)) : dy
    const h = scaled(tf, x, inverse, tf.neg(tf.mul(mean, inverse)), false)
    const meanG = channelMean(tf, g)
    const meanGH = channelMean(tf, tf.mul(g, h))
    const a = tf.mul(gamma, inverse)
    const fromG = scaled(tf, g, a, tf.zerosLike(a), false)
    const fromH = scaled(tf, h, tf.neg(tf.mul(a, meanGH)), tf.neg(tf.mul(a, meanG)), false)
    return [tf.add(fromG, fromH), tf.mul(meanGH, n), tf.mul(meanG, n)]
  })

/**
 * Returns the same with given statistics (inference). It has no gradient.
 *
 * @param mean,variance running statistics, float32 [C]
 */
export const normalise = (tf: Tf, x: Tensor, given: Given, { relu, epsilon = EPSILON }: NormOptions): Tensor => {
  const a = tf.mul(given.gamma, tf.rsqrt(tf.add(given.variance, epsilon)))
  return scaled(tf, x, a, tf.sub(given.beta, tf.mul(given.mean, a)), relu)
}
