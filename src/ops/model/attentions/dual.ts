/** Dual attention (Fu et al. 2019): among positions and among channels. */
import { batchMatMul, belowMax, plus, reshape, softmax, times } from "../../tensor/elementwise.ts"
import { convolution } from "../layers/convolution.ts"
import { filled, type Layer, type Parameter, relu, sequence } from "../layers/layer.ts"
import { batchNorm } from "../layers/norm.ts"
import type { Attention } from "./attention.ts"

/** Weight of the attended features; it starts at 0, so that the module begins as the identity. */
const weightOf = (name: string): Parameter => ({
  name: `${name}.gamma`,
  shape: [1],
  role: "weight",
  init: filled(1, 0)
})

/** Shape [n, h w, c] of features [n, h, w, c]. */
const pixels = (shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  const [N, H, W, C] = shape
  return [N, H * W, C]
}

/** gamma softmax(q k^T) v + x: each position attends to all positions. Queries and keys have an eighth of the channels. */
export const positionAttention = (name: string, channels: number): Layer => {
  const narrow = Math.floor(channels / 8)
  const to = (part: string, width: number) => convolution(`${name}.${part}.conv1x1`, channels, width, 1, { bias: true })
  const [query, key, value] = [to("query_conv", narrow), to("key_conv", narrow), to("value_conv", channels)]
  return {
    parameters: [weightOf(name), ...query.parameters, ...key.parameters, ...value.parameters],
    apply: (pass, x) => {
      const [q, k, v] = [query, key, value].map((layer) => {
        const made = layer.apply(pass, x)
        return reshape(made, pixels(made.shape))
      })
      const affinity = softmax(batchMatMul(q, k, { transposeB: true }))
      const seen = reshape(batchMatMul(affinity, v), x.shape)
      return plus(times(seen, pass.get(`${name}.gamma`)), x)
    }
  }
}

/** gamma softmax(row maximum of x x^T - x x^T) x + x: each channel attends to all channels. */
export const channelAttention = (name: string): Layer => ({
  parameters: [weightOf(name)],
  apply: (pass, x) => {
    const flat = reshape(x, pixels(x.shape))
    const affinity = softmax(belowMax(batchMatMul(flat, flat, { transposeA: true })))
    const seen = reshape(batchMatMul(flat, affinity, { transposeB: true }), x.shape)
    return plus(times(seen, pass.get(`${name}.gamma`)), x)
  }
})

/** 3x3 convolution, ReLU, then batch norm. */
const block = (name: string, from: number, to: number): Layer =>
  sequence(
    convolution(`${name}.conv.conv`, from, to, 3, { padding: 1, bias: true }),
    relu,
    batchNorm(`${name}.act.bn`, to)
  )

/** Both attentions in parallel at a quarter of the width, each between two blocks; their sum is projected back. */
export const dual: Attention<"da"> = {
  name: "da",
  build: (prefix, channels) => {
    const narrow = Math.floor(channels / 4)
    const path = (tag: string, attention: Layer) =>
      sequence(
        block(`${prefix}.conv_${tag}1`, channels, narrow),
        attention,
        block(`${prefix}.conv_${tag}2`, narrow, narrow)
      )
    const positions = path("pam", positionAttention(`${prefix}.pam`, narrow))
    const between = path("cam", channelAttention(`${prefix}.cam`))
    const back = block(`${prefix}.conv`, narrow, channels)
    return {
      parameters: [...positions.parameters, ...between.parameters, ...back.parameters],
      apply: (pass, x) => back.apply(pass, plus(positions.apply(pass, x), between.apply(pass, x)))
    }
  }
}
