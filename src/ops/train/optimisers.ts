/** Optimisers: what they remember of each weight, and one update. */
import {
  type Choice,
  chosenFrom,
  type Definition,
  type Own,
  type OwnParams,
  probability
} from "../../pipeline/definition.ts"
import { named } from "../../pipeline/named.ts"
import type { NamedArray } from "../elements.ts"
import type { Parameter } from "../model/layers/layer.ts"
import type { Engine } from "../tensor/engine.ts"
import type { Tensor } from "../tensor/tfjs.ts"

export interface UpdateOptions {
  readonly learningRate: number
  /** Number of this update, from 1. */
  readonly step: number
}

/** Everything about an optimiser: its name in configurations, its parameters, and its update. */
export interface Optimiser<Name extends string = string, P extends OwnParams = OwnParams> extends Definition<Name, P> {
  /** Names of the arrays that it remembers per weight, in the order of `update`; 0 before the first update. */
  readonly moments: ReadonlyArray<string>
  /** Makes new tensors, float32 in the shape of the weight; the engine may free the given ones, which are not used again. */
  update(
    engine: Engine,
    state: { readonly weight: Tensor; readonly moments: ReadonlyArray<Tensor> },
    gradient: Tensor,
    options: UpdateOptions,
    own: Own<P>
  ): { readonly weight: Tensor; readonly moments: ReadonlyArray<Tensor> }
}

const defineOptimiser = <const Name extends string, const P extends OwnParams>(
  definition: Optimiser<Name, P>
): Optimiser<Name, P> => definition

const adam = defineOptimiser({
  name: "adam",
  title: "Adam with betas 0.9 and 0.999, as PyTorch's",
  source: "Kingma and Ba, ICLR 2015",
  params: {},
  moments: ["m", "v"],
  update: (engine, { moments: [m, v], weight }, gradient, { learningRate, step }) => {
    const next = engine.adam({ weight, m, v }, gradient, { learningRate, step, inPlace: true })
    return { weight: next.weight, moments: [next.m, next.v] }
  }
})

const sgd = defineOptimiser({
  name: "sgd",
  title: "Stochastic gradient descent with momentum, as PyTorch's",
  source: "Robbins and Monro 1951; Polyak 1964",
  params: { momentum: probability("Share of the earlier updates that is kept.", 0.9) },
  moments: ["velocity"],
  update: (engine, { moments: [velocity], weight }, gradient, { learningRate }, { momentum }) => {
    const next = engine.sgd({ weight, velocity }, gradient, { learningRate, momentum, inPlace: true })
    return { weight: next.weight, moments: [next.velocity] }
  }
})

/** Every optimiser. A new one is a definition above and its name here. */
const optimisers = [adam, sgd] as const

/** An optimiser as the parameter `optimizer` chooses it. */
export type OptimiserChoice = Choice<(typeof optimisers)[number]>

export const optimiserParam = named(optimisers, "How weights are updated.", "adam", { flat: true })

/** The chosen optimiser with its parameters. */
export const optimiserOf = (
  choice: OptimiserChoice
): { readonly definition: Optimiser; readonly own: Own<OwnParams> } => {
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

/** The moments before the first update: zeros. */
export const zeroMoments = (
  parameters: ReadonlyArray<Parameter>,
  optimiser: OptimiserChoice = "adam"
): ReadonlyArray<NamedArray> =>
  momentsOf(parameters, optimiser).map(({ name, shape }) => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((product, n) => product * n, 1))
  }))
