/** The list of attention modules. A new one is a file in `attentions/` and a line in this list. */
import type { Attention } from "./attentions/attention.ts"
import { cbam } from "./attentions/cbam.ts"
import { dual } from "./attentions/dual.ts"
import { byName, namesOf } from "./definitions.ts"
import { sequence } from "./layers/layer.ts"

const none: Attention<"none"> = { name: "none", build: () => sequence() }

const list = [none, cbam, dual] as const

/** Definitions of the attention modules by name. */
export const attentions = byName(list)

export type AttentionName = (typeof list)[number]["name"]

export const attentionNames = namesOf(list)
