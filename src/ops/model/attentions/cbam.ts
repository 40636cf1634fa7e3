/** Convolutional block attention (Woo et al. 2018): factors per channel, then factors per pixel. */
import { channelMaxAndMean, plus, reshape, sigmoid, spatialMax, spatialMean, times } from "../../tensor/elementwise.ts"
import { convolution, linear } from "../layers/convolution.ts"
import { type Layer, relu, sequence } from "../layers/layer.ts"
import { batchNorm } from "../layers/norm.ts"
import type { Attention } from "./attention.ts"

/** Number of channels per hidden unit of the channel gate. */
const REDUCTION = 16

/** x sigmoid(mlp(mean of x) + mlp(max of x)); mean and maximum are over pixels. */
const channelGate = (name: string, channels: number): Layer => {
  const hidden = Math.floor(channels / REDUCTION)
  const mlp = sequence(
    linear(`${name}.mlp.1`, channels, hidden, { bias: true }),
    relu,
    linear(`${name}.mlp.3`, hidden, channels, { bias: true })
  )
  return {
    parameters: mlp.parameters,
    apply: (pass, x) => {
      const scored = (pooled: typeof x) => mlp.apply(pass, reshape(pooled, [-1, channels]))
      const gate = sigmoid(plus(scored(spatialMean(x)), scored(spatialMax(x))))
      return times(x, reshape(gate, [-1, 1, 1, channels]))
    }
  }
}

/** x sigmoid(norm(7x7 convolution of max and mean of x)); mean and maximum are over channels. */
const spatialGate = (name: string): Layer => {
  const gate = sequence(
    convolution(`${name}.spatial.conv`, 2, 1, 7, { padding: 3 }),
    batchNorm(`${name}.spatial.bn`, 1, { momentum: 0.01 })
  )
  return {
    parameters: gate.parameters,
    apply: (pass, x) => times(x, sigmoid(gate.apply(pass, channelMaxAndMean(x))))
  }
}

/** Channel gate, then spatial gate. */
export const cbam: Attention<"cbam"> = {
  name: "cbam",
  build: (prefix, channels) =>
    sequence(channelGate(`${prefix}.ChannelGate`, channels), spatialGate(`${prefix}.SpatialGate`))
}
