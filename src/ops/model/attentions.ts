/** Attention modules by name; each takes and gives features [n, h, w, channels]. */
import { cbam } from "./attentions/cbam.ts"
import { dualAttention } from "./attentions/dual.ts"
import { type Layer, sequence } from "./layers/layer.ts"

/** The name under which a network's module keeps its parameters. */
const NAME = "module.module"

export const attentions = {
  none: () => sequence(),
  cbam: (channels) => cbam(NAME, channels),
  da: (channels) => dualAttention(NAME, channels)
} satisfies Readonly<Record<string, (channels: number) => Layer>>

export type AttentionName = keyof typeof attentions

export const attentionNames = Object.keys(attentions) as ReadonlyArray<AttentionName>
