/** Optimisers by name: what they remember of each weight, and one update. */
import type { NamedArray } from "../elements.ts"
import type { Parameter } from "../model/layers/layer.ts"
import type { Engine } from "../tensor/engine.ts"
import type { Tensor } from "../tensor/tfjs.ts"

export interface UpdateOptions {
  readonly learningRate: number
  /** Number of this update, from 1. */
  readonly step: number
  readonly momentum: number
}

export interface Optimiser {
  /** Names of what is remembered of each weight, in the order of `update`; 0 before the first update. */
  readonly moments: ReadonlyArray<string>
  /** New tensors, float32 in the shape of the weight; what is given stays as it is. */
  readonly update: (
    engine: Engine,
    weight: Tensor,
    moments: ReadonlyArray<Tensor>,
    gradient: Tensor,
    options: UpdateOptions
  ) => { readonly weight: Tensor; readonly moments: ReadonlyArray<Tensor> }
}

/** Adam (Kingma and Ba, ICLR 2015) with betas 0.9 and 0.999, and SGD with momentum, both as PyTorch's. */
export const optimisers = {
  adam: {
    moments: ["m", "v"],
    update: (engine, weight, [m, v], gradient, { learningRate, step }) => {
      const next = engine.adam({ weight, m, v }, gradient, { learningRate, step })
      return { weight: next.weight, moments: [next.m, next.v] }
    }
  },
  sgd: {
    moments: ["velocity"],
    update: (engine, weight, [velocity], gradient, { learningRate, momentum }) => {
      const next = engine.sgd({ weight, velocity }, gradient, { learningRate, momentum })
      return { weight: next.weight, moments: [next.velocity] }
    }
  }
} satisfies Readonly<Record<string, Optimiser>>

export type OptimiserName = keyof typeof optimisers

/** Names and shapes of the moments of every weight, `MOMENT/NAME`. */
export const momentsOf = (
  parameters: ReadonlyArray<Parameter>,
  optimiser: OptimiserName
): ReadonlyArray<Pick<NamedArray, "name" | "shape">> =>
  optimisers[optimiser].moments.flatMap((moment) =>
    parameters.filter(({ role }) => role === "weight").map(({ name, shape }) => ({ name: `${moment}/${name}`, shape }))
  )

/** The same, as they are before the first update: 0. */
export const zeroMoments = (
  parameters: ReadonlyArray<Parameter>,
  optimiser: OptimiserName = "adam"
): ReadonlyArray<NamedArray> =>
  momentsOf(parameters, optimiser).map(({ name, shape }) => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((product, n) => product * n, 1))
  }))
