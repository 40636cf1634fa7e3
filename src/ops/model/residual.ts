/** Residual networks of basic blocks (He et al. 2016, table 1). */
import { batchNorm, convolution, type Layer, maxPool, residual, sequence } from "./layer.ts"

/** The convolutional part of a network: images [n, h, w, channels] to features [n, h', w', width]. */
export interface Encoder {
  readonly layer: Layer
  readonly width: number
}

/** Two 3x3 convolutions; the first has the stride. A 1x1 projection where stride or width changes. */
const basicBlock = (name: string, from: number, to: number, stride: number): Layer => {
  const main = sequence(
    convolution(`${name}.conv1`, from, to, 3, { stride, padding: 1 }),
    batchNorm(`${name}.bn1`, to, { relu: true }),
    convolution(`${name}.conv2`, to, to, 3, { padding: 1 }),
    batchNorm(`${name}.bn2`, to)
  )
  if (stride === 1 && from === to) return residual(main, undefined)
  const projection = sequence(
    convolution(`${name}.downsample.0`, from, to, 1, { stride }),
    batchNorm(`${name}.downsample.1`, to)
  )
  return residual(main, projection)
}

/**
 * Stem (7x7 stride 2, batch norm, ReLU, 3x3 max-pool stride 2) and four stages; all stages but the first halve the map.
 *
 * @param channels bands of the input
 * @param widths channels of the four stages; the stem has those of the first
 * @param blocks blocks of the four stages
 */
export const basicResNet = (
  channels: number,
  widths: readonly [number, number, number, number],
  blocks: readonly [number, number, number, number]
): Encoder => {
  const stem = sequence(
    convolution("encoder.encoder_block0.0", channels, widths[0], 7, { stride: 2, padding: 3 }),
    batchNorm("encoder.encoder_block0.1", widths[0], { relu: true }),
    maxPool({ size: 3, stride: 2, padding: 1 })
  )
  const stages = widths.map((width, stage) =>
    sequence(
      ...Array.from({ length: blocks[stage] }, (_, block) => {
        const first = block === 0
        const from = first ? widths[Math.max(0, stage - 1)] : width
        return basicBlock(`encoder.encoder_block${stage + 1}.${block}`, from, width, first && stage > 0 ? 2 : 1)
      })
    )
  )
  return { layer: sequence(stem, ...stages), width: widths[3] }
}
