/** Instance normalisation (Ulyanov et al. 2016), by operations that every engine has. */
import { EPSILON, type NormOptions } from "./norm.ts"
import type { Tensor, Tf } from "./tfjs.ts"

/** Returns the mean of each channel of each image, [N, 1, 1, C], by one average pool over the whole image. */
const imageMean = (tf: Tf, x: Tensor): Tensor => {
  const [, H, W] = x.shape as [number, number, number, number]
  return tf.avgPool(x as never, [H, W], 1, "valid")
}

const gradients = (tf: Tf, dy: Tensor, saved: ReadonlyArray<Tensor>, relu: boolean): Array<Tensor> =>
  tf.tidy(() => {
    const [x, gamma, mean, inverse, y] = saved
    const [N, H, W, C] = x.shape as [number, number, number, number]
    const g = relu ? tf.mul(dy, tf.step(y)) : dy
    const h = tf.mul(tf.sub(x, mean), inverse)
    const [meanG, meanGH] = [imageMean(tf, g), imageMean(tf, tf.mul(g, h))]
    const dx = tf.mul(tf.sub(tf.sub(g, meanG), tf.mul(h, meanGH)), tf.mul(inverse, gamma))
    const total = (means: Tensor) => tf.mul(tf.sum(tf.reshape(means, [N, C]), 0), H * W)
    return [dx, total(meanGH), total(meanG)]
  })

/**
 * Returns y = gamma (x - mean) / sqrt(var + epsilon) + beta, where mean and (biased) variance are those of one channel of one
 * image, then ReLU if `relu` is set. This is PyTorch's `InstanceNorm2d(affine=True)`, which keeps no running statistics.
 *
 * With g = dy where y > 0 (all of dy without ReLU) and h = (x - mean) / sqrt(var + epsilon):
 * dbeta = sum g, dgamma = sum g h, dx = gamma / sqrt(var + epsilon) (g - mean(g) - h mean(g h)).
 *
 * @param x float32 [N, H, W, C]
 * @param gamma,beta float32 [C]
 */
export const instanceNorm = (
  tf: Tf,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { relu, epsilon = EPSILON }: NormOptions
): Tensor =>
  tf.customGrad((...args) => {
    const [input, scale, shift] = args as unknown as [Tensor, Tensor, Tensor]
    const save = args[3] as unknown as (tensors: Array<Tensor>) => void
    const mean = imageMean(tf, input)
    const variance = imageMean(tf, tf.squaredDifference(input, mean))
    const inverse = tf.rsqrt(tf.add(variance, epsilon))
    const linear = tf.add(tf.mul(tf.sub(input, mean), tf.mul(inverse, scale)), shift)
    const y = relu ? tf.relu(linear) : linear
    save([input, scale, mean, inverse, y])
    return { value: y, gradFunc: (dy, saved) => gradients(tf, dy as Tensor, saved as Array<Tensor>, relu) }
  })(x, gamma, beta)
