/** Weights as tensors of an engine while a network runs. Outside, they are plain arrays in the layout of files. */

import type { NamedArray } from "../../elements.ts"
import type { Engine } from "../../tensor/engine.ts"
import type { Tensor } from "../../tensor/tfjs.ts"
import type { ModelFacts } from "../architecture.ts"
import type { Model } from "../model.ts"
import { WeightsError } from "../model-error.ts"
import { engineShape, toEngine, toFile } from "./layout.ts"

/** Tensors of a network by parameter name. Owns them: `dispose` when done. */
export interface Weights {
  readonly get: (name: string) => Tensor
  /** Replaces a tensor by another one, which must be kept; the old one is freed. */
  readonly replace: (name: string, tensor: Tensor) => void
  /** Copies of all arrays, in the layout of files and the order of the network. */
  readonly arrays: () => ReadonlyArray<NamedArray>
  readonly dispose: () => void
}

const described = ({ backbone, channels, num_classes }: ModelFacts): string =>
  `${backbone} with ${channels} channels and ${num_classes} classes`

/**
 * Checks that arrays are exactly those of a network.
 *
 * @param source subject of messages: a file, or "initial weights"
 * @throws WeightsError that names the first array that is missing, unexpected, or of another shape
 */
export const checkWeights = (model: Model, arrays: ReadonlyArray<NamedArray>, source: string): void => {
  const remedy = "Use the model parameters that the weights were trained with"
  const fail = (problem: string) => new WeightsError({ subject: source, problem, remedy })
  const given = new Map(arrays.map((array) => [array.name, array]))
  for (const { name, shape } of model.parameters) {
    const array = given.get(name)
    if (array === undefined) throw fail(`has no array ${name}, which ${described(model.params)} needs`)
    if (array.shape.join() !== shape.join()) {
      throw fail(
        `array ${name} is [${array.shape.join(", ")}], but ${described(model.params)} needs [${shape.join(", ")}]`
      )
    }
    if (!(array.data instanceof Float32Array)) throw fail(`array ${name} does not hold float32 values`)
    given.delete(name)
  }
  const [left] = given.keys()
  if (left !== undefined) throw fail(`has an array ${left}, which ${described(model.params)} does not know`)
}

/**
 * Uploads arrays in the layout of files to the engine.
 *
 * @throws EngineMemoryError if they do not fit into its memory; all are freed then
 */
export const uploadArrays = (engine: Engine, arrays: ReadonlyArray<NamedArray>): Weights => {
  const tensors = new Map<string, Tensor>()
  // Without the values, which would otherwise stay in memory as long as the tensors.
  const uploaded = arrays.map(({ name, shape }) => ({ name, shape }))
  const dispose = () => {
    engine.dispose(tensors.values())
    tensors.clear()
  }
  // Arrays for each tensor would add up to the size of the network until they are collected.
  const buffer = new Float32Array(arrays.reduce((most, { data }) => Math.max(most, data.length), 0))
  try {
    for (const { name, shape, data } of arrays) {
      const values = toEngine(data as Float32Array, shape, buffer.subarray(0, data.length))
      engine.scope(() => tensors.set(name, engine.keep(engine.copied(values, engineShape(shape)))))
    }
  } catch (cause) {
    // Kept tensors outlive the scope.
    dispose()
    throw cause
  }
  const get = (name: string): Tensor => {
    const tensor = tensors.get(name)
    if (tensor === undefined) throw new TypeError(`no weights under the name ${name}`)
    return tensor
  }
  return {
    get,
    replace: (name, tensor) => {
      engine.dispose([get(name)])
      tensors.set(name, tensor)
    },
    arrays: () =>
      engine.scope(() =>
        uploaded.map(({ name, shape }) => ({ name, shape, data: toFile(engine.read(get(name)), shape) }))
      ),
    dispose
  }
}
