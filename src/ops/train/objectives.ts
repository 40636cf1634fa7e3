/** The losses by name. */
import { orderedMultiLabel } from "./losses/oml.ts"
import type { Objective } from "./trainer.ts"

export const objectives = {
  oml: { on: "embeddings", loss: orderedMultiLabel }
} satisfies Readonly<Record<string, Objective>>

export type LossName = keyof typeof objectives

export const lossNames = Object.keys(objectives) as ReadonlyArray<LossName>
