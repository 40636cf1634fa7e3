/**
 * The form of an optimiser: what it remembers of each weight, and one update. A new optimiser is a file in this folder that
 * exports a definition, and its name in the list of `../optimisers.ts`.
 */
import type { Definition, Own, OwnParams } from "../../../pipeline/definition.ts"
import type { Engine } from "../../tensor/engine.ts"
import type { Tensor } from "../../tensor/tfjs.ts"

export interface UpdateOptions {
  readonly learningRate: number
  /** Number of this update, from 1. */
  readonly step: number
}

/** A weight with the arrays that the optimiser remembers of it, all of one shape. */
export interface OptimiserState {
  readonly weight: Tensor
  readonly moments: ReadonlyArray<Tensor>
}

/** Everything about an optimiser: its name in configurations, its parameters, and its update. */
export interface Optimiser<Name extends string = string, P extends OwnParams = OwnParams> extends Definition<Name, P> {
  /** Names of the arrays that it remembers per weight, in the order of `update`; 0 before the first update. */
  readonly moments: ReadonlyArray<string>
  /** Makes new tensors, float32 in the shape of the weight; the engine may free the given ones, which are not used again. */
  update(engine: Engine, state: OptimiserState, gradient: Tensor, options: UpdateOptions, own: Own<P>): OptimiserState
}

/** Declares an optimiser. */
export const defineOptimiser = <const Name extends string, const P extends OwnParams>(
  definition: Optimiser<Name, P>
): Optimiser<Name, P> => definition
