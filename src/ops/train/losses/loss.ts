/**
 * The form of a loss. Losses are pure: typed arrays in, typed arrays out, float64 inside (float32 for products of large batches); they
 * know no tensor engine.
 *
 * A new loss is a file in this folder that exports a definition, and its name in the list of `../losses.ts`.
 */
import type { Definition, Own, OwnParams } from "../../../pipeline/definition.ts"
import type { Random } from "../../../pipeline/random.ts"
import type { Team } from "../../workers/loops.ts"

/** Row-major values [rows, columns] of one batch with multi-hot labels [rows, classes]. */
export interface LossInput {
  readonly values: Float32Array
  readonly labels: Uint8Array
  readonly rows: number
  /** Weights of labels from 0 to 1, in the shape of `labels`, which they replace; only for losses with `soft`. */
  readonly soft?: Float32Array | undefined
  /** Number of anchors, which are the first rows; all other rows are only compared with them. All rows if it is absent. */
  readonly anchors?: number
  /** Values of the arrays that the loss itself learns, see `LossDefinition.learned`. */
  readonly learned?: Float32Array
  /** Threads that share the loops over a large batch; they change no digit. By default one thread computes all. */
  readonly team?: Team | undefined
}

/** An array that a loss learns beside the network, such as one proxy per class. */
export interface Learned {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  /** Learning rate, as a multiple of the network's. */
  readonly rate: number
  readonly init: (random: Random) => Float32Array
}

export interface LossValue {
  readonly value: number
  /** Derivative with respect to each input value, in the input's shape. */
  readonly gradient: Float32Array
  /** The smallest value that any input could give with these labels; NaN if it is unknown. */
  readonly floor: number
  /** Derivative with respect to `learned`, in its shape. */
  readonly learned?: Float32Array
}

/** Draws a whole number from 0..n-1. */
export type Choose = (n: number) => number

/** A loss of one batch; losses that select images at random draw them by `choose`. */
export type Loss = (input: LossInput, choose: Choose) => LossValue

/** Everything about a loss: its name in configurations, its parameters, and how they make the function. */
export interface LossDefinition<
  Name extends string = string,
  On extends "logits" | "embeddings" = "logits" | "embeddings",
  P extends OwnParams = OwnParams
> extends Definition<Name, P> {
  readonly source: string
  /** The output that it looks at: losses on logits are chosen by `id_loss`, losses on embeddings by `metric_loss`. */
  readonly on: On
  /** Set if every image must have exactly one label. */
  readonly oneLabel?: true
  /** Whether the loss can use weights of labels from 0 to 1, for these parameters. */
  soft?(own: Own<P>): boolean
  /** Set if the loss needs embeddings with values of both signs, which networks without `embedding_dim` do not have. */
  readonly signed?: true
  /** Set if anchors of the batch can be compared with images of earlier batches. */
  readonly memory?: true
  /**
   * The array that the loss learns, for networks of one branch.
   *
   * @param size number of classes, and length of embeddings
   */
  learned?(own: Own<P>, size: { readonly classes: number; readonly dim: number }): Learned
  /**
   * Makes the function. (A method, so that definitions with different parameters fit in one list.)
   *
   * @param compat `original` reproduces what the original code does where that differs
   */
  loss(own: Own<P>, compat: "none" | "original"): Loss
}

/**
 * Declares a loss.
 *
 * @example
 * const meanSquare = defineLoss({
 *   name: "mean_square",
 *   title: "Mean square of the values",
 *   source: "this example",
 *   on: "embeddings",
 *   params: {},
 *   loss: () => ({ values }) => ({
 *     value: values.reduce((sum, x) => sum + x * x, 0) / values.length,
 *     gradient: values.map((x) => (2 * x) / values.length),
 *     floor: 0
 *   })
 * })
 * const loss = meanSquare.loss({}, "none")
 * loss({ values: Float32Array.of(1, 3), labels: Uint8Array.of(1), rows: 1 }, () => 0).value // => 5
 */
export const defineLoss = <
  const Name extends string,
  const On extends "logits" | "embeddings",
  const P extends OwnParams
>(
  definition: LossDefinition<Name, On, P>
): LossDefinition<Name, On, P> => definition
