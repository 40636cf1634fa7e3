/** Stochastic gradient descent with momentum (Polyak 1964) in one pass over memory. */
import type { Memory } from "./memory.ts"
import type { Info } from "./tfjs.ts"

export interface SgdOptions {
  readonly learningRate: number
  /** As with Adam. */
  readonly inPlace?: boolean
  /** Decay of the velocity; 0.9. */
  readonly momentum?: number
  /** Moves by g + momentum v' instead of by v' (Nesterov 1983). */
  readonly nesterov?: boolean
}

/** A weight with its velocity, both of one shape; the velocity is 0 before the first update. */
export interface SgdState<A> {
  readonly weight: A
  readonly velocity: A
}

/**
 * Computes one update, as in PyTorch: v' = momentum v + g, w' = w - rate v', or w' = w - rate (g + momentum v') with
 * Nesterov's step. No dampening, no weight decay. It writes new allocations, like Adam.
 *
 * @returns the new state; the caller frees both the old and the new
 */
export const sgdUpdate = (
  memory: Memory,
  state: SgdState<Info>,
  gradient: Info,
  { learningRate, momentum = 0.9, nesterov = false }: SgdOptions
): SgdState<Info> => {
  const made = { weight: memory.make(gradient.shape), velocity: memory.make(gradient.shape) }
  const [w, v, g] = [state.weight, state.velocity, gradient].map(memory.values)
  const [newW, newV] = [made.weight, made.velocity].map(memory.values)
  for (let i = 0; i < g.length; i++) {
    const velocity = momentum * v[i] + g[i]
    newV[i] = velocity
    newW[i] = w[i] - learningRate * (nesterov ? g[i] + momentum * velocity : velocity)
  }
  return made
}
