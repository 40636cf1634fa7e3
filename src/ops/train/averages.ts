/**
 * Exponential moving averages of weights (Polyak and Juditsky 1992; Tarvainen and Valpola, NeurIPS 2017). The averages are the
 * network that is saved, validated and published; the weights that are trained are saved beside them as `raw/NAME`.
 */
import type { NamedArray } from "../elements.ts"
import type { Parameter } from "../model/layers/layer.ts"
import { uploadArrays, type Weights } from "../model/weights/tensors.ts"
import type { Engine } from "../tensor/engine.ts"

/** Prefix of the trained weights in checkpoints that also hold averages. */
const RAW = "raw/"

/** Whether an array of a checkpoint is a trained weight beside its average. */
export const isRaw = (name: string): boolean => name.startsWith(RAW)

/** Names and shapes of the arrays that checkpoints hold beside the averages. */
export const rawArrays = (
  parameters: ReadonlyArray<Parameter>,
  ema: number | undefined
): ReadonlyArray<Pick<NamedArray, "name" | "shape">> =>
  ema === undefined ? [] : parameters.map(({ name, shape }) => ({ name: `${RAW}${name}`, shape }))

/**
 * Decay of the averages at an update, from 1: at most (1 + n) / (10 + n), so that short trainings forget their first weights
 * (as TensorFlow's `ExponentialMovingAverage`).
 *
 * @example
 * decayAt(0.999, 1).toFixed(4) // => "0.1818"
 * decayAt(0.999, 100_000) // => 0.999
 */
export const decayAt = (ema: number, update: number): number => Math.min(ema, (1 + update) / (10 + update))

/** The weights that training begins with: the trained ones, where the file holds averages too. */
export const startOf = (
  weights: ReadonlyArray<NamedArray>,
  moments: ReadonlyArray<NamedArray>
): ReadonlyArray<NamedArray> => {
  const raw = new Map(moments.map((array) => [array.name, array]))
  return weights.map((array) => ({ ...array, data: (raw.get(`${RAW}${array.name}`) ?? array).data }))
}

export interface Averages {
  /** Adds the weights after an update; called inside a scope. */
  readonly add: (weights: Weights, update: number) => void
  /** The averages under the names of the weights, and the weights as `raw/NAME`. */
  readonly arrays: (weights: Weights) => {
    readonly weights: ReadonlyArray<NamedArray>
    readonly raw: ReadonlyArray<NamedArray>
  }
  readonly dispose: () => void
}

/**
 * Averages of the arrays that change.
 *
 * @param start the averages so far
 */
export const averagesOf = (
  engine: Engine,
  ema: number,
  parameters: ReadonlyArray<Parameter>,
  start: ReadonlyArray<NamedArray>
): Averages => {
  const names = new Set(parameters.map(({ name }) => name))
  const averages = uploadArrays(
    engine,
    start.filter(({ name }) => names.has(name))
  )
  return {
    add: (weights, update) => {
      const share = 1 - decayAt(ema, update)
      for (const name of names) {
        averages.replace(name, engine.keep(engine.blend(averages.get(name), weights.get(name), share)))
      }
    },
    arrays: (weights) => {
      const known = new Map(averages.arrays().map((array) => [array.name, array]))
      const now = weights.arrays()
      return {
        weights: now.map((array) => known.get(array.name) ?? array),
        raw: now.flatMap((array) => (names.has(array.name) ? [{ ...array, name: `${RAW}${array.name}` }] : []))
      }
    },
    dispose: averages.dispose
  }
}
