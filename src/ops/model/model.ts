/** A whole network: backbone, attention, pooling, head. */
import { resolve } from "node:path"
import { Schema } from "effect"
import { Compat, choice, listOf, Name, PositiveInt } from "../../pipeline/param.ts"
import { random } from "../../pipeline/random.ts"
import type { NamedArray } from "../elements.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { type AttentionName, attentionNames, attentions } from "./attention.ts"
import { atStride32, type BackboneName, backboneNames, backbones } from "./backbones.ts"
import type { OutputStride } from "./encoder.ts"
import { type Branches, type Head, singleHead } from "./head.ts"
import { type Layer, type Parameter, type Pass, sequence } from "./layer.ts"
import type { Target } from "./orders.ts"
import { type Part, partsHead } from "./parts.ts"
import { type PoolingName, poolingNames, pools } from "./pooling.ts"
import { loadWeights } from "./pretrained.ts"
import type { LoadReport } from "./report.ts"

const SINGLE: ReadonlyArray<Part> = [[1, 1, 1]]

const isSingle = (parts: ReadonlyArray<Part>): boolean => parts.length === 1 && parts[0].every((n) => n === 1)

/** A file of weights, and what it does not say itself. */
const PretrainedParams = Schema.Struct({
  file: Name,
  bands: Schema.optionalKey(listOf(Name)),
  classes: Schema.optionalKey(Schema.Union([choice("alphabetical"), listOf(Name)])),
  skip: Schema.optionalKey(choice("head"))
})
export type PretrainedParams = typeof PretrainedParams.Type

/** What a network is, as a pipeline's `model` parameter says it. Keys that are left out have the values of `defaults`. */
export const ModelParams = Schema.Struct({
  backbone: choice(...backboneNames),
  pooling: choice(...poolingNames),
  channels: PositiveInt,
  num_classes: PositiveInt,
  output_stride: Schema.optionalKey(Schema.Literals([8, 16, 32])),
  module: Schema.optionalKey(choice(...attentionNames)),
  parts: Schema.optionalKey(listOf(Schema.Tuple([PositiveInt, PositiveInt, PositiveInt]))),
  part_dim: Schema.optionalKey(PositiveInt),
  embedding_dim: Schema.optionalKey(PositiveInt),
  pretrained: Schema.optionalKey(Schema.Union([Name, PretrainedParams])),
  compat: Schema.optionalKey(Compat)
}).check(
  Schema.makeFilter(
    ({
      backbone,
      output_stride = 32,
      compat,
      embedding_dim,
      parts = SINGLE
    }: {
      backbone: BackboneName
      output_stride?: number
      compat?: string
      embedding_dim?: number
      parts?: ReadonlyArray<Part>
    }) =>
      (output_stride === 32 || compat === "original" || !atStride32(backbone)) &&
      (embedding_dim === undefined || isSingle(parts)),
    {
      expected:
        "a mapping of backbone, pooling, channels, num_classes and, if wanted, output_stride (8 or 16 not for vgg and ibn), module, parts, part_dim, embedding_dim (not beside parts), pretrained (a file of weights to start from), compat"
    }
  )
)
export type ModelParams = typeof ModelParams.Type

/** A network's parameters as they are recorded beside its weights: all of them, as plain text and numbers. */
export interface ModelFacts {
  readonly backbone: BackboneName
  readonly pooling: PoolingName
  readonly channels: number
  readonly num_classes: number
  readonly output_stride: OutputStride
  readonly module: AttentionName
  /** `[[1,1,1]]` is the single head. */
  readonly parts: string
  readonly part_dim: number
  /** Length of the single head's linear projection, `none` without. */
  readonly embedding_dim: number | "none"
  /** `original` or `none`. */
  readonly compat: string
}

const factsOf = (params: ModelParams): ModelFacts & Readonly<Record<string, string | number>> => ({
  backbone: params.backbone,
  pooling: params.pooling,
  channels: params.channels,
  num_classes: params.num_classes,
  output_stride: params.output_stride ?? 32,
  module: params.module ?? "none",
  parts: JSON.stringify(params.parts ?? SINGLE),
  part_dim: params.part_dim ?? 256,
  embedding_dim: params.embedding_dim ?? "none",
  compat: params.compat ?? "none"
})

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

/** Weights, and what became of the file that they are of. */
export interface Start {
  readonly arrays: ReadonlyArray<NamedArray>
  readonly report: LoadReport | undefined
}

export const makeModel = (params: ModelParams): Model => {
  const facts = factsOf(params)
  const { channels, output_stride: outputStride, num_classes: classes } = facts
  const encoder = backbones[params.backbone]({ channels, outputStride, original: params.compat === "original" })
  const attention = attentions[facts.module](encoder.width)
  const stages = facts.module === "none" ? encoder.stages : [...encoder.stages, attention]
  const body = sequence(...stages)
  const pool = pools[params.pooling]
  const parts = params.parts ?? SINGLE
  const head = isSingle(parts)
    ? singleHead(pool, encoder.width, classes, params.embedding_dim)
    : partsHead(pool, encoder.width, parts, facts.part_dim, classes)
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

/**
 * The weights that training starts from: drawn, or those of the `pretrained` file.
 *
 * @param target bands and classes of the run, into whose order those of the file are put
 * @throws WeightsError where the file cannot be read, or does not fit
 */
export const initialWeights = (model: Model, seed: number, target?: Target): ReadonlyArray<NamedArray> =>
  startOf(model, seed, target).arrays

/** The same, with what became of the file. */
export const startOf = (model: Model, seed: number, target?: Target): Start => {
  const drawn = drawnWeights(model, seed)
  if (model.pretrained === undefined) return { arrays: drawn, report: undefined }
  const { file, ...said } = model.pretrained
  return loadWeights(resolve(file), model, drawn, said, target)
}
