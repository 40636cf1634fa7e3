/** Batch norm by loops over the memory of the engine, which threads share. The results have the same bits as with `../norm.ts`. */
import { type Memory, sizeOf } from "../memory.ts"
import type { NormPasses } from "../norm.ts"
import type { Info, Tensor, Tf } from "../tfjs.ts"
import { addressOf, type TileWork } from "./room.ts"

/** Channels of a vector. */
const LANES = 4

const channelsOf = (x: Tensor): number => x.shape[x.shape.length - 1] ?? 1
const pixelsOf = (x: Tensor): number => sizeOf(x.shape) / channelsOf(x)

/** Divides sums by the number of pixels, as the library does: times a rounded factor, and never NaN. */
const averaged = (sums: Float32Array, count: number): void => {
  const factor = Math.fround(1 / count)
  for (let i = 0; i < sums.length; i++) {
    const mean = Math.fround(sums[i] * factor)
    sums[i] = Number.isNaN(mean) ? Number.NEGATIVE_INFINITY : mean
  }
}

/**
 * Passes that threads share, where they are enabled and channels fill whole vectors; otherwise the given ones.
 *
 * @param adopted makes a tensor of an allocation
 */
export const sharedPasses = (
  tf: Tf,
  memory: Memory,
  work: TileWork,
  plain: NormPasses,
  adopted: (info: Info) => Tensor
): NormPasses => {
  const fits = (x: Tensor): boolean => work.enabled() && channelsOf(x) % LANES === 0 && sizeOf(x.shape) > 0
  const at = (tensor: Tensor | undefined): number => (tensor === undefined ? 0 : addressOf(memory, tensor))
  const coefficients = (...all: ReadonlyArray<Tensor>): Tensor =>
    tf.concat(all.map((one) => tf.reshape(one, [-1])) as never)
  const scaled = (
    x: Tensor,
    scaling: Parameters<TileWork["scale"]>[0]["scaling"],
    all: Tensor,
    y?: Tensor,
    dy?: Tensor
  ) => {
    const result = adopted(memory.make(x.shape))
    work.scale({
      ...{ scaling, count: pixelsOf(x), channels: channelsOf(x), coefficients: at(all) },
      ...{ x: at(x), y: at(y), dy: at(dy), result: at(result) }
    })
    return result
  }
  const summed = (
    rows: number,
    x: Tensor,
    given: Omit<Parameters<TileWork["sum"]>[0], "count" | "channels" | "x" | "sums">
  ) => {
    const sums = adopted(memory.make([rows, channelsOf(x)]))
    work.sum({ ...given, count: pixelsOf(x), channels: channelsOf(x), x: at(x), sums: at(sums) })
    averaged(memory.values(sums), pixelsOf(x))
    return sums
  }
  const none = { first: 0, second: 0, y: 0, dy: 0 }
  return {
    mean: (x) => (fits(x) ? tf.reshape(summed(1, x, { summed: "values", ...none }), [-1]) : plain.mean(x)),
    variance: (x, mean) =>
      fits(x)
        ? tf.reshape(summed(1, x, { summed: "squares", ...none, first: at(mean) }), [-1])
        : plain.variance(x, mean),
    scaled: (x, scale, shift, relu) =>
      fits(x)
        ? scaled(x, relu ? "scaled, ReLU" : "scaled", coefficients(scale, shift))
        : plain.scaled(x, scale, shift, relu),
    slopes: (x, scale, shift, dy, y) => {
      if (!fits(x)) return plain.slopes(x, scale, shift, dy, y)
      const behind = y === undefined ? "slopes" : "slopes behind ReLU"
      const means = summed(2, x, { summed: behind, first: at(scale), second: at(shift), y: at(y), dy: at(dy) })
      return tf.unstack(means) as [Tensor, Tensor]
    },
    gradient: (x, [scale, shift, ofG, ofH, constant], dy, y) =>
      fits(x)
        ? scaled(
            x,
            y === undefined ? "gradient" : "gradient behind ReLU",
            coefficients(scale, shift, ofG, ofH, constant),
            y,
            dy
          )
        : plain.gradient(x, [scale, shift, ofG, ofH, constant], dy, y)
  }
}
