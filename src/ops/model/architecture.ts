/** Parameters of a network with all defaults filled in, as recorded beside its weights. This file uses no Effect: worker threads import it. */
import type { AttentionName } from "./attentions.ts"
import type { OutputStride } from "./backbones/backbone.ts"
import type { BackboneName } from "./backbones.ts"
import { SINGLE } from "./heads/parts.ts"
import type { GivenModel, ModelParams, WeightsFile, WeightsMapping } from "./params.ts"
import type { PoolingName } from "./poolings.ts"

/** All parameters of a network as plain text and numbers. */
export interface ModelFacts {
  readonly backbone: BackboneName
  readonly pooling: PoolingName
  readonly channels: number
  readonly num_classes: number
  readonly output_stride: OutputStride
  readonly module: AttentionName
  /** Splits as JSON; `[[1,1,1]]` is the single head. */
  readonly parts: string
  readonly part_dim: number
  /** Length of the single head's linear projection; `none` if it has none. */
  readonly embedding_dim: number | "none"
  /** `original` or `none`. */
  readonly compat: string
}

/**
 * Fills in the defaults of omitted parameters.
 *
 * @example
 * factsOf({ backbone: "resnet18", pooling: "avg", channels: 3, num_classes: 19 }).output_stride // => 32
 */
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

/**
 * A file of weights as a mapping.
 *
 * @example
 * mappingOf("rgb.pth") // => { file: "rgb.pth" }
 */
export const mappingOf = (weights: WeightsFile): WeightsMapping =>
  typeof weights === "string" ? { file: weights } : weights

/**
 * Fills in `channels` and `num_classes` from data.
 *
 * @param data bands and classes of images, or of a file of weights
 *
 * @example
 * const { channels } = completed({ backbone: "resnet18", pooling: "avg" }, { bands: ["Red", "Green", "Blue"], classes: ["a"] })
 * channels // => 3
 */
export const completed = (
  given: GivenModel,
  { bands, classes }: { readonly bands: ReadonlyArray<string>; readonly classes: ReadonlyArray<string> }
): ModelParams => ({
  ...given,
  channels: given.channels ?? bands.length,
  // Images without labels have no classes; logits of one class are then computed, and not used.
  num_classes: given.num_classes ?? Math.max(1, classes.length)
})
