/** A network's parameters with all defaults filled in, as they are recorded beside its weights. Does not use Effect. */
import type { AttentionName } from "./attentions.ts"
import type { OutputStride } from "./backbones/backbone.ts"
import type { BackboneName } from "./backbones.ts"
import { SINGLE } from "./heads/parts.ts"
import type { ModelParams } from "./params.ts"
import type { PoolingName } from "./poolings.ts"

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
