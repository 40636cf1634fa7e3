/**
 * Layers: what a network is built of. A layer names its parameters and says how to apply them; it holds no weights, so
 * the same network value serves training, inference and files.
 */
import type { Random } from "../../../pipeline/random.ts"
import type { Engine } from "../../tensor/engine.ts"
import type { PoolOptions } from "../../tensor/geometry.ts"
import type { Tensor } from "../../tensor/tfjs.ts"

/** One array of a network: name and shape as a PyTorch state dict has them (convolutions [O, I, KH, KW]). */
export interface Parameter {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  /** Weights are trained; statistics are averages of what was seen in training. */
  readonly role: "weight" | "statistic"
  /** Of a statistic: the share of the newest batch in the average of those seen. */
  readonly momentum?: number
  readonly init: (random: Random) => Float32Array
}

/** One forward pass: where parameters come from, and what is done with the batch's statistics. */
export interface Pass {
  readonly engine: Engine
  /** A parameter in the engine's layout. */
  readonly get: (name: string) => Tensor
  /**
   * In training, batch norms use the batch's own statistics and hand them over here, to be averaged (by the parameter's
   * momentum) and disposed by the receiver. Without it (inference) they use the averages.
   */
  readonly observe: ((name: string, seen: Tensor) => void) | undefined
}

export interface Layer {
  readonly parameters: ReadonlyArray<Parameter>
  readonly apply: (pass: Pass, x: Tensor) => Tensor
}

/** Initial values that are all the same. */
export const filled = (size: number, value: number) => () => new Float32Array(size).fill(value)

/** Initial values drawn uniformly from +-bound. */
export const uniform = (size: number, bound: number) => (random: Random) =>
  Float32Array.from({ length: size }, () => random.between(-bound, bound))

/** A layer without parameters. */
export const fixed = (apply: Layer["apply"]): Layer => ({ parameters: [], apply })

export const relu: Layer = fixed(({ engine }, x) => engine.relu(x))

export const maxPool = (options: PoolOptions): Layer => fixed(({ engine }, x) => engine.maxPool(x, options))

export const sequence = (...layers: ReadonlyArray<Layer>): Layer => ({
  parameters: layers.flatMap((layer) => layer.parameters),
  apply: (pass, x) => layers.reduce((y, layer) => layer.apply(pass, y), x)
})

/** relu(main(x) + shortcut(x)); without a shortcut the input itself is added. */
export const residual = (main: Layer, shortcut: Layer | undefined): Layer => ({
  parameters: [...main.parameters, ...(shortcut?.parameters ?? [])],
  apply: (pass, x) => pass.engine.addRelu(main.apply(pass, x), shortcut === undefined ? x : shortcut.apply(pass, x))
})
