/** A whole network: backbone, attention, pooling, head. */
import { random } from "../../pipeline/random.ts"
import type { NamedArray } from "../elements.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { factsOf } from "./architecture.ts"
import { attentions } from "./attentions.ts"
import { backbones } from "./backbones.ts"
import { isSingle, partsHead, SINGLE } from "./heads/parts.ts"
import { type Branches, type Head, singleHead } from "./heads/single.ts"
import { type Layer, type Parameter, type Pass, sequence } from "./layers/layer.ts"
import type { ModelParams, PretrainedParams } from "./params.ts"
import { poolings } from "./poolings.ts"

export interface Model {
  readonly params: ReturnType<typeof factsOf>
  /** All arrays, in the order of the network. */
  readonly parameters: ReadonlyArray<Parameter>
  /** A file whose weights it starts from. */
  readonly pretrained: PretrainedParams | undefined
  /** Length of an embedding. */
  readonly dim: number
  /** Applied one after another, they take images [n, h, w, channels] to features; attention, where there is, is the last. */
  readonly stages: ReadonlyArray<Layer>
  /** From features on. */
  readonly head: Head
  /** Images [n, h, w, channels] to embeddings [n, dim], not normalised. */
  readonly embed: (pass: Pass, images: Tensor) => Tensor
  /** Embeddings [n, dim] to logits [n, num_classes]. */
  readonly logits: (pass: Pass, embeddings: Tensor) => Tensor
  /** Images [n, h, w, channels] to each embedding by itself with its logits, as losses look at them. */
  readonly branches: (pass: Pass, images: Tensor) => Branches
}

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
    pretrained: typeof params.pretrained === "string" ? { file: params.pretrained } : params.pretrained,
    parameters: [...body.parameters, ...head.parameters],
    dim: head.dim,
    stages,
    head,
    embed: (pass, images) => head.embed(pass, body.apply(pass, images)),
    logits: head.logits,
    branches: (pass, images) => head.branches(pass, body.apply(pass, images))
  }
}

/** Weights before training. What is drawn of an array depends on the seed and its own name alone. */
export const drawnWeights = (model: Model, seed: number): ReadonlyArray<NamedArray> =>
  model.parameters.map(({ name, shape, init }) => ({ name, shape, data: init(random(seed, 0, name, "init")) }))
