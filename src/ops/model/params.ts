/** What a network is, as a configuration says it and as it is recorded. */
import { resolve } from "node:path"
import { Schema } from "effect"
import { Compat, choice, listOf, Name, PositiveInt } from "../../pipeline/param.ts"
import { attentionNames } from "./attentions.ts"
import type { OutputStride } from "./backbones/backbone.ts"
import { type BackboneName, backboneNames, backbones } from "./backbones.ts"
import { isSingle, type Part, SINGLE } from "./heads/parts.ts"
import { poolingNames } from "./poolings.ts"

/** Channels of a backbone's features. */
const widthOf = (name: BackboneName): number =>
  backbones[name].build({ channels: 1, outputStride: 32, original: false }).width

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
  skip: Schema.optionalKey(choice("head")),
  key: Schema.optionalKey(Name),
  prefix: Schema.optionalKey(Name),
  ignore: Schema.optionalKey(listOf(Name))
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
      output_stride?: OutputStride
      compat?: string
      embedding_dim?: number
      parts?: ReadonlyArray<Part>
    }) =>
      (compat === "original" || backbones[backbone].outputStrides.includes(output_stride)) &&
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
