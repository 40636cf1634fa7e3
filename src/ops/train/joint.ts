/** Joins the outputs of several batches for one loss, and splits its gradients again. */
import type { Batch } from "../elements.ts"
import { joined } from "../joined.ts"
import type { BranchesOf, BranchValues } from "./losses/combined.ts"
import type { Slopes } from "./pass.ts"

/** Labels of several batches, one after another. */
export const jointLabels = (batches: ReadonlyArray<Batch>): Uint8Array => joined(batches.map(({ labels }) => labels))

/** Weights of the labels of several batches, one after another; undefined if no batch has some. */
export const jointSoft = (batches: ReadonlyArray<Batch>): Float32Array | undefined =>
  batches.every(({ soft }) => soft === undefined)
    ? undefined
    : joined(batches.map(({ labels, soft }) => soft ?? Float32Array.from(labels)))

/** Outputs of several batches, one after another. */
export const jointOutputs = (outputs: ReadonlyArray<BranchesOf<BranchValues>>): BranchesOf<BranchValues> => {
  const of = (kind: "local" | "global") =>
    outputs[0][kind].map((_, i) => ({
      embedding: joined(outputs.map((one) => one[kind][i].embedding)),
      logits: joined(outputs.map((one) => one[kind][i].logits))
    }))
  return { local: of("local"), global: of("global") }
}

/** Rows `from` to `to` of slopes with `rows` rows. */
export const rowsOfSlopes = (slopes: Slopes, rows: number, from: number, to: number): Slopes => {
  const cut = (all: Float32Array | undefined) => all?.subarray((from * all.length) / rows, (to * all.length) / rows)
  const of = (kind: "local" | "global") =>
    slopes[kind].map(({ embedding, logits }) => ({ embedding: cut(embedding), logits: cut(logits) }))
  return { local: of("local"), global: of("global") }
}
