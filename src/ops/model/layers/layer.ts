/**
 * Layers, the building blocks of networks. A layer names its parameters and applies them; it holds no weights, so training,
 * inference and files use the same network value.
 */
import type { Random } from "../../../pipeline/random.ts"
import type { Engine } from "../../tensor/engine.ts"
import type { PoolOptions } from "../../tensor/geometry.ts"
import type { Tensor } from "../../tensor/tfjs.ts"

/** One array of a network, with name and shape as in a PyTorch state dict (convolutions [O, I, KH, KW]). */
export interface Parameter {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  /** Weights are trained; statistics are running averages over training batches. */
  readonly role: "weight" | "statistic"
  /** For a statistic: the share of the newest batch in the running average. */
  readonly momentum?: number
  readonly init: (random: Random) => Float32Array
}

/** One forward pass: the source of parameters, and the receiver of the batch's statistics. */
export interface Pass {
  readonly engine: Engine
  /** A parameter in the engine's layout. */
  readonly get: (name: string) => Tensor
  /**
   * Set in training: batch norms then use the batch's own statistics and pass them to this function, which averages them
   * (by the parameter's momentum) and disposes them. Without it (inference), batch norms use the running averages.
   */
  readonly observe: ((name: string, seen: Tensor) => void) | undefined
}

/** A function from tensor to tensor with named parameters. */
export interface Layer {
  readonly parameters: ReadonlyArray<Parameter>
  readonly apply: (pass: Pass, x: Tensor) => Tensor
}

/** Initial values that are all equal. */
export const filled = (size: number, value: number) => () => new Float32Array(size).fill(value)

/** Initial values drawn uniformly from +-bound. */
export const uniform = (size: number, bound: number) => (random: Random) =>
  Float32Array.from({ length: size }, () => random.between(-bound, bound))

/** A layer without parameters. */
export const fixed = (apply: Layer["apply"]): Layer => ({ parameters: [], apply })

export const relu: Layer = fixed(({ engine }, x) => engine.relu(x))

/** Max pooling of images [n, h, w, c]. */
export const maxPool = (options: PoolOptions): Layer => fixed(({ engine }, x) => engine.maxPool(x, options))

/** Layers that are applied one after another. */
export const sequence = (...layers: ReadonlyArray<Layer>): Layer => ({
  parameters: layers.flatMap((layer) => layer.parameters),
  apply: (pass, x) => layers.reduce((y, layer) => layer.apply(pass, y), x)
})

/** relu(main(x) + shortcut(x)); without a shortcut, x itself is added. */
export const residual = (main: Layer, shortcut: Layer | undefined): Layer => ({
  parameters: [...main.parameters, ...(shortcut?.parameters ?? [])],
  apply: (pass, x) => pass.engine.addRelu(main.apply(pass, x), shortcut === undefined ? x : shortcut.apply(pass, x))
})
