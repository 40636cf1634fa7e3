/** A complete network: backbone, attention, pooling and head. */
import { random } from "../../pipeline/random.ts"
import type { NamedArray } from "../elements.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { factsOf, mappingOf } from "./architecture.ts"
import { attentions } from "./attentions.ts"
import { backbones } from "./backbones.ts"
import { isSingle, partsHead, SINGLE } from "./heads/parts.ts"
import { type Branch, type Branches, type Head, singleHead } from "./heads/single.ts"
import { type Layer, type Parameter, type Pass, sequence } from "./layers/layer.ts"
import type { ModelParams, WeightsMapping } from "./params.ts"
import { poolings } from "./poolings.ts"

/** A network without weights: names and shapes of its parameters, and functions that apply them. */
export interface Model {
  readonly params: ReturnType<typeof factsOf>
  /** All arrays, in the order of the network. */
  readonly parameters: ReadonlyArray<Parameter>
  /** File of weights that the network starts from. */
  readonly pretrained: WeightsMapping | undefined
  /** Length of an embedding. Part-based heads give shorter ones on small images, see `Head.dim`. */
  readonly dim: number
  /** Layers that turn images [n, h, w, channels] into features, in order; the last one is the attention module, if any. */
  readonly stages: ReadonlyArray<Layer>
  /** Layers that turn features into embeddings and logits. */
  readonly head: Head
  /** Images [n, h, w, channels] to embeddings [n, dim], not normalised. */
  readonly embed: (pass: Pass, images: Tensor) => Tensor
  /** Images [n, h, w, channels] to embeddings [n, dim], not normalised, and logits [n, num_classes]. */
  readonly predict: (pass: Pass, images: Tensor) => Branch
  /** Images [n, h, w, channels] to the embedding and logits of each branch, as losses need them. */
  readonly branches: (pass: Pass, images: Tensor) => Branches
}

/**
 * Builds a network from its parameters.
 *
 * @example
 * const { dim } = makeModel({ backbone: "resnet18", pooling: "avg", channels: 3, num_classes: 19 })
 * dim // => 512
 */
export const makeModel = (params: ModelParams): Model => {
  const facts = factsOf(params)
  const { channels, output_stride: outputStride, num_classes: classes } = facts
  const original = params.compat === "original"
  const encoder = backbones[params.backbone].build({ channels, outputStride, original })
  const attention = attentions[facts.module].build("module.module", encoder.width)
  const stages = facts.module === "none" ? encoder.stages : [...encoder.stages, attention]
  const body = sequence(...stages)
  const pool = poolings[params.pooling].layer
  const parts = params.parts ?? SINGLE
  const head = isSingle(parts)
    ? singleHead(pool, encoder.width, classes, params.embedding_dim)
    : partsHead(pool, encoder.width, parts, facts.part_dim, classes, original)
  return {
    params: facts,
    pretrained: params.pretrained === undefined ? undefined : mappingOf(params.pretrained),
    parameters: [...body.parameters, ...head.parameters],
    dim: head.dim,
    stages,
    head,
    embed: (pass, images) => head.embed(pass, body.apply(pass, images)),
    predict: (pass, images) => head.predict(pass, body.apply(pass, images)),
    branches: (pass, images) => head.branches(pass, body.apply(pass, images))
  }
}

/** An untrained array. Its values are drawn when they are first read: most files of weights replace all of them. */
const drawn = ({ init, name, shape }: Parameter, seed: number): NamedArray => {
  let values: Float32Array | undefined
  return {
    name,
    shape,
    get data() {
      values ??= init(random(seed, 0, name, "init"))
      return values
    }
  }
}

/** Untrained weights, in the order of the network. The values of an array depend only on the seed and the array's name. */
export const drawnWeights = (model: Model, seed: number): ReadonlyArray<NamedArray> =>
  model.parameters.map((parameter) => drawn(parameter, seed))
