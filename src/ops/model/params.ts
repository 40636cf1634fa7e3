/** Parameters that describe a network and its file of weights in configurations. */
import { resolve } from "node:path"
import { Schema } from "effect"
import { Compat, choice, listOf, Name, type Plain, PositiveInt } from "../../pipeline/param.ts"
import { attentionNames } from "./attentions.ts"
import type { OutputStride } from "./backbones/backbone.ts"
import { type BackboneName, backboneNames, backbones } from "./backbones.ts"
import { isSingle, type Part, SINGLE } from "./heads/parts.ts"
import { poolingNames } from "./poolings.ts"

/** Channels of a backbone's features. */
const widthOf = (name: BackboneName): number =>
  backbones[name].build({ channels: 1, outputStride: 32, original: false }).width

/** Groups of channels must be equal: the linear layers of a part-based head have a fixed number of inputs. */
const dividing = Schema.makeFilter(
  ({ backbone, parts = SINGLE }: { backbone: BackboneName; parts?: ReadonlyArray<Part> }) =>
    parts.every(([groups]) => groups === 1 || widthOf(backbone) % groups === 0) || "groups of different sizes",
  {
    expected:
      "`parts` whose first numbers divide the number of features of the backbone (the table of docs/networks.md lists it)"
  }
)

/** A file of weights: which of its arrays are meant, and facts that it does not state itself. */
const WeightsMapping = Schema.Struct({
  file: Name,
  bands: Schema.optionalKey(listOf(Name)),
  classes: Schema.optionalKey(Schema.Union([choice("alphabetical"), listOf(Name)])),
  skip: Schema.optionalKey(choice("head")),
  key: Schema.optionalKey(Name),
  prefix: Schema.optionalKey(Name),
  ignore: Schema.optionalKey(listOf(Name))
})
export type WeightsMapping = typeof WeightsMapping.Type

/** A file of weights as `pretrained` of a network and `weights` of `embed` accept it: a path, or a mapping. */
export const WeightsFile: Plain<string | WeightsMapping> = Schema.Union([Name, WeightsMapping]).annotate({
  expected: "a file of weights, or a mapping of file and, if wanted, bands, classes, skip (head), key, prefix, ignore"
})
export type WeightsFile = typeof WeightsFile.Type

/** Parameters of a network, the parameter `model` of a step. `factsOf` gives the defaults of omitted keys. */
export const ModelParams = Schema.Struct({
  backbone: choice(...backboneNames),
  pooling: choice(...poolingNames),
  channels: Schema.optionalKey(PositiveInt),
  num_classes: Schema.optionalKey(PositiveInt),
  output_stride: Schema.optionalKey(Schema.Literals([8, 16, 32])),
  module: Schema.optionalKey(choice(...attentionNames)),
  parts: Schema.optionalKey(listOf(Schema.Tuple([PositiveInt, PositiveInt, PositiveInt]))),
  part_dim: Schema.optionalKey(PositiveInt),
  embedding_dim: Schema.optionalKey(PositiveInt),
  pretrained: Schema.optionalKey(WeightsFile),
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
        "a mapping of backbone, pooling and, if wanted, channels and num_classes (by default determined by the data), output_stride (8 or 16 not for vgg and ibn), module, parts, part_dim, embedding_dim (not beside parts), pretrained (a file of weights to start from, or a mapping of file, bands, classes, skip, key, prefix, ignore), compat"
    }
  )
)
/** Parameters as a configuration gives them: without `channels` and `num_classes`, the data determine them. */
export type GivenModel = typeof ModelParams.Type
/** Parameters that determine a network completely. */
export type ModelParams = GivenModel & { readonly channels: number; readonly num_classes: number }

/** Absolute path of the file of weights that a network starts from; empty if there is none. */
export const pretrainedFile = ({ pretrained }: Pick<GivenModel, "pretrained">): ReadonlyArray<string> =>
  pretrained === undefined ? [] : [resolve(typeof pretrained === "string" ? pretrained : pretrained.file)]
