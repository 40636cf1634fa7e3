/** The optimisers: one list, the arrays that they remember of each weight, and the update of a weight. */
import { type Choice, chosenFrom, type Own, type OwnParams } from "../../pipeline/definition.ts"
import { named } from "../../pipeline/named.ts"
import type { NamedArray } from "../elements.ts"
import type { Parameter } from "../model/layers/layer.ts"
import type { Weights } from "../model/weights/tensors.ts"
import type { Engine } from "../tensor/engine.ts"
import { sizeOf } from "../tensor/memory.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { adam } from "./optimisers/adam.ts"
import { adamw } from "./optimisers/adamw.ts"
import { lion } from "./optimisers/lion.ts"
import type { Optimiser, UpdateOptions } from "./optimisers/optimiser.ts"
import { sgd } from "./optimisers/sgd.ts"

/** Every optimiser. A new one is a file in `optimisers/` and its name here. */
export const optimisers = [adam, adamw, sgd, lion] as const

/** An optimiser as the parameter `optimizer` chooses it. */
export type OptimiserChoice = Choice<(typeof optimisers)[number]>

export const optimiserParam = named(optimisers, "How weights are updated.", "adam", { flat: true })

/** The chosen optimiser with its parameters. */
export interface ChosenOptimiser {
  readonly definition: Optimiser
  readonly own: Own<OwnParams>
}

export const optimiserOf = (choice: OptimiserChoice): ChosenOptimiser => {
  const chosen = chosenFrom<Optimiser>(optimisers, choice)
  if (chosen === undefined) throw new TypeError(`there is no optimiser ${JSON.stringify(choice)}`)
  return chosen
}

/** Names and shapes of the moments of every weight; the names are `MOMENT/NAME`. */
export const momentsOf = (
  parameters: ReadonlyArray<Parameter>,
  optimiser: OptimiserChoice
): ReadonlyArray<Pick<NamedArray, "name" | "shape">> =>
  optimiserOf(optimiser).definition.moments.flatMap((moment) =>
    parameters.filter(({ role }) => role === "weight").map(({ name, shape }) => ({ name: `${moment}/${name}`, shape }))
  )

/** The moments before the first update: zeros, which all lie in one buffer. */
export const zeroMoments = (
  parameters: ReadonlyArray<Parameter>,
  optimiser: OptimiserChoice = "adam"
): ReadonlyArray<NamedArray> => {
  const moments = momentsOf(parameters, optimiser).map((moment) => ({ ...moment, size: sizeOf(moment.shape) }))
  const zeros = new Float32Array(moments.reduce((most, { size }) => Math.max(most, size), 0))
  return moments.map(({ name, shape, size }) => ({ name, shape, data: zeros.subarray(0, size) }))
}

/** Replaces one weight and its moments by updated ones; called inside a scope. */
export const updateWeight = (
  engine: Engine,
  { definition, own }: ChosenOptimiser,
  { moments, weights }: { readonly moments: Weights; readonly weights: Weights },
  name: string,
  gradient: Tensor,
  options: UpdateOptions
): void => {
  const keys = definition.moments.map((moment) => `${moment}/${name}`)
  const state = { weight: weights.get(name), moments: keys.map(moments.get) }
  const next = definition.update(engine, state, gradient, options, own)
  weights.replace(name, engine.keep(next.weight))
  next.moments.forEach((moment, i) => void moments.replace(keys[i], engine.keep(moment)))
}
