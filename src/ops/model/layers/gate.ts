/** Squeeze and excitation (Hu et al. 2018): a factor between 0 and 1 per channel, computed from the means of all channels. */
import { sigmoid, spatialMean, times } from "../../tensor/elementwise.ts"
import { convolution } from "./convolution.ts"
import { type Layer, sequence } from "./layer.ts"

/**
 * x sigmoid(expand(activation(reduce(mean of x)))), with x [n, h, w, channels].
 *
 * @param names names of the two 1x1 convolutions, which have biases
 * @param hidden number of channels between them
 */
export const channelGate = (
  [reduce, expand]: readonly [string, string],
  channels: number,
  hidden: number,
  activation: Layer
): Layer => {
  const scored = sequence(
    convolution(reduce, channels, hidden, 1, { bias: true }),
    activation,
    convolution(expand, hidden, channels, 1, { bias: true })
  )
  return {
    parameters: scored.parameters,
    apply: (pass, x) => times(x, sigmoid(scored.apply(pass, spatialMean(x))))
  }
}
