/** What a network is, as a configuration says it and as it is recorded. */
import { resolve } from "node:path"
import { Schema } from "effect"
import { Compat, choice, listOf, Name, PositiveInt } from "../../pipeline/param.ts"
import { type AttentionName, attentionNames } from "./attentions.ts"
import type { OutputStride } from "./backbones/backbone.ts"
import { atStride32, type BackboneName, backboneNames, backbones } from "./backbones.ts"
import type { Part } from "./heads/parts.ts"
import { type PoolingName, poolingNames } from "./poolings.ts"

/** The single head. */
export const SINGLE: ReadonlyArray<Part> = [[1, 1, 1]]

export const isSingle = (parts: ReadonlyArray<Part>): boolean => parts.length === 1 && parts[0].every((n) => n === 1)

/** Channels of a backbone's features. */
const widthOf = (name: BackboneName): number =>
  backbones[name]({ channels: 1, outputStride: 32, original: false }).width

/** Groups of channels that are not of one size would not fit the layers behind them. */
const dividing = Schema.makeFilter(
  ({ backbone, parts = SINGLE }: { backbone: BackboneName; parts?: ReadonlyArray<Part> }) =>
    parts.every(([groups]) => groups === 1 || widthOf(backbone) % groups === 0) || "groups of different sizes",
  {
    expected:
      "`parts` whose groups of channels, the first number of each, divide the features of the backbone evenly (docs/networks.md says how many it has)"
  }
)

/** A file of weights, and what it does not say itself. */
const PretrainedParams = Schema.Struct({
  file: Name,
  bands: Schema.optionalKey(listOf(Name)),
  classes: Schema.optionalKey(Schema.Union([choice("alphabetical"), listOf(Name)])),
  skip: Schema.optionalKey(choice("head"))
})
export type PretrainedParams = typeof PretrainedParams.Type

/** What a network is, as a pipeline's `model` parameter says it. Keys that are left out have the values that `factsOf` gives them. */
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
  dividing,
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

/** Absolute path of the file of weights that a network starts from; empty without one. */
export const pretrainedFile = ({ pretrained }: ModelParams): ReadonlyArray<string> =>
  pretrained === undefined ? [] : [resolve(typeof pretrained === "string" ? pretrained : pretrained.file)]

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

export const factsOf = (params: ModelParams): ModelFacts & Readonly<Record<string, string | number>> => ({
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
