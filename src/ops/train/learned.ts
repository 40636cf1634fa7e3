/**
 * Arrays that a loss learns beside the network, such as proxies. They are updated by the optimiser of the network, with a rate
 * of their own, and are saved in checkpoints as `learned/NAME`, with their moments.
 */
import { random } from "../../pipeline/random.ts"
import type { NamedArray } from "../elements.ts"
import type { Parameter } from "../model/layers/layer.ts"
import { engineShape, toEngine, toFile } from "../model/weights/layout.ts"
import { uploadArrays } from "../model/weights/tensors.ts"
import type { Engine } from "../tensor/engine.ts"
import type { Learned } from "./losses/loss.ts"
import type { UpdateOptions } from "./optimisers/optimiser.ts"
import { momentsOf, type OptimiserChoice, optimiserOf, updateWeight, zeroMoments } from "./optimisers.ts"

const PREFIX = "learned/"

/** Whether an array of a checkpoint is learned by a loss, or is a moment of such an array. */
export const isLearned = (name: string): boolean => `/${name}`.includes(`/${PREFIX}`)

const parameterOf = ({ init, name, shape }: Learned): Parameter => ({
  name: PREFIX + name,
  shape,
  role: "weight",
  init
})

/** Names and shapes of the array and its moments. */
export const learnedArrays = (
  learned: Learned | undefined,
  optimiser: OptimiserChoice
): ReadonlyArray<Pick<NamedArray, "name" | "shape">> => {
  if (learned === undefined) return []
  const parameter = parameterOf(learned)
  return [{ name: parameter.name, shape: parameter.shape }, ...momentsOf([parameter], optimiser)]
}

/** The array and its moments before the first update. */
const firstArrays = (learned: Learned, optimiser: OptimiserChoice, seed: number): ReadonlyArray<NamedArray> => {
  const parameter = parameterOf(learned)
  const { init, name, shape } = parameter
  return [{ name, shape, data: init(random(seed, 0, name, "init")) }, ...zeroMoments([parameter], optimiser)]
}

/** An array in training. It owns tensors: `dispose` when done. */
export interface Learning {
  /** The values, in the layout of files. */
  readonly values: () => Float32Array
  /** One update; called inside a scope. */
  readonly update: (gradient: Float32Array, options: UpdateOptions) => void
  /** The array and its moments. */
  readonly arrays: () => ReadonlyArray<NamedArray>
  readonly dispose: () => void
}

/** What an array is learned with: the optimiser, the seed of its first values, and the arrays of a checkpoint. */
export interface LearningStart {
  readonly optimiser: OptimiserChoice
  readonly seed: number
  readonly arrays: ReadonlyArray<NamedArray>
}

/** The array of a loss in training; without the arrays of a checkpoint it starts from its first values. */
export const learning = (engine: Engine, learned: Learned, { arrays, optimiser, seed }: LearningStart): Learning => {
  const name = PREFIX + learned.name
  const saved = arrays.filter((array) => array.name === name || array.name.endsWith(`/${name}`))
  const state = uploadArrays(engine, saved.length > 0 ? saved : firstArrays(learned, optimiser, seed))
  const chosen = optimiserOf(optimiser)
  return {
    values: () => toFile(engine.read(state.get(name)), learned.shape),
    update: (gradient, { learningRate, step }) => {
      const slope = engine.tensor(toEngine(gradient, learned.shape), engineShape(learned.shape))
      const options = { learningRate: learningRate * learned.rate, step }
      updateWeight(engine, chosen, { moments: state, weights: state }, name, slope, options)
    },
    arrays: state.arrays,
    dispose: state.dispose
  }
}
