/** A whole network: backbone, pooling, head. */
import { Schema } from "effect"
import { choice, PositiveInt } from "../../pipeline/param.ts"
import { random } from "../../pipeline/random.ts"
import type { NamedArray } from "../elements.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { backboneNames, backbones } from "./backbones.ts"
import { globalAveragePool, type Layer, linear, type Parameter, type Pass } from "./layer.ts"

/** What a network is, as a pipeline's `model` parameter says it. */
export const ModelParams = Schema.Struct({
  backbone: choice(...backboneNames),
  pooling: choice("avg"),
  channels: PositiveInt,
  num_classes: PositiveInt
})
export type ModelParams = typeof ModelParams.Type

export interface Model {
  readonly params: ModelParams
  /** All arrays, in the order of the network. */
  readonly parameters: ReadonlyArray<Parameter>
  /** Length of an embedding. */
  readonly dim: number
  /** Images [n, h, w, channels] to embeddings [n, dim]: the pooled features, not normalised. */
  readonly embed: (pass: Pass, images: Tensor) => Tensor
  /** Embeddings [n, dim] to logits [n, num_classes]. */
  readonly logits: (pass: Pass, embeddings: Tensor) => Tensor
}

const pools: Readonly<Record<ModelParams["pooling"], Layer>> = { avg: globalAveragePool }

export const makeModel = (params: ModelParams): Model => {
  const encoder = backbones[params.backbone](params.channels)
  const pool = pools[params.pooling]
  const head = linear("head.head.fc", encoder.width, params.num_classes)
  return {
    params,
    parameters: [...encoder.layer.parameters, ...pool.parameters, ...head.parameters],
    dim: encoder.width,
    embed: (pass, images) => pool.apply(pass, encoder.layer.apply(pass, images)),
    logits: (pass, embeddings) => head.apply(pass, embeddings)
  }
}

/** The weights of an untrained network; each array depends on the seed and its own name alone. */
export const initialWeights = (model: Model, seed: number): ReadonlyArray<NamedArray> =>
  model.parameters.map(({ name, shape, init }) => ({ name, shape, data: init(random(seed, 0, name, "init")) }))
