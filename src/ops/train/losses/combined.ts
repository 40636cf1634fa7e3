/** An id loss on logits and a metric loss on embeddings, over all branches of a network, as one weighted loss. */
import type { Choose, Loss, LossInput, LossValue } from "./loss.ts"

/** Output of one branch: embedding [rows, d], logits [rows, classes]. */
export interface BranchValues {
  readonly embedding: Float32Array
  readonly logits: Float32Array
}
export interface BranchesOf<A> {
  /** Of pieces of the features; none where nothing is cut. */
  readonly local: ReadonlyArray<A>
  /** Of the whole. */
  readonly global: ReadonlyArray<A>
}

export interface Losses {
  /** On logits. */
  readonly id: Loss | undefined
  /** On embeddings. */
  readonly metric: Loss | undefined
  readonly weight: readonly [id: number, metric: number]
}

export interface Combined {
  readonly total: number
  /** Before their weights; 0 where there is none. */
  readonly id: number
  readonly metric: number
  /** The smallest total that any output could give with these labels; NaN where it is not known. */
  readonly floor: number
  /** Derivatives of the total; undefined of what no loss looks at. */
  readonly gradients: BranchesOf<{ readonly [K in keyof BranchValues]: Float32Array | undefined }>
}

const NONE = { value: 0, floor: 0 }

/** The mean over branches of a kind, and each one's gradient times `weight` over their number. */
const averaged = (loss: Loss | undefined, inputs: ReadonlyArray<LossInput>, choose: Choose, weight: number) => {
  if (loss === undefined || inputs.length === 0) return { ...NONE, gradients: inputs.map(() => undefined) }
  const found = inputs.map((input) => loss(input, choose))
  const mean = (of: (one: LossValue) => number) => found.reduce((sum, one) => sum + of(one), 0) / found.length
  return {
    value: mean(({ value }) => value),
    floor: mean(({ floor }) => floor),
    gradients: found.map(({ gradient }) => gradient.map((slope) => (slope * weight) / found.length))
  }
}

/**
 * The weighted sum of both losses. Each is averaged over the branches of a kind, and local and global means are added, so
 * that with parts it is about twice that of a single branch, as in the original.
 *
 * @param labels multi-hot [rows, classes]
 */
export const combined = (
  { id, metric, weight }: Losses,
  branches: BranchesOf<BranchValues>,
  labels: Uint8Array,
  rows: number,
  choose: Choose
): Combined => {
  const of = (kind: "local" | "global", part: keyof BranchValues) => {
    const inputs = branches[kind].map((branch) => ({ values: branch[part], labels, rows }))
    return part === "logits" ? averaged(id, inputs, choose, weight[0]) : averaged(metric, inputs, choose, weight[1])
  }
  const [ids, metrics] = (["logits", "embedding"] as const).map((part) => ({
    local: of("local", part),
    global: of("global", part)
  }))
  const gradientsOf = (kind: "local" | "global") =>
    branches[kind].map((_, i) => ({ embedding: metrics[kind].gradients[i], logits: ids[kind].gradients[i] }))
  const sum = (of: typeof ids, what: "value" | "floor") => of.local[what] + of.global[what]
  const total = (what: "value" | "floor") => weight[0] * sum(ids, what) + weight[1] * sum(metrics, what)
  return {
    total: total("value"),
    id: sum(ids, "value"),
    metric: sum(metrics, "value"),
    floor: total("floor"),
    gradients: { local: gradientsOf("local"), global: gradientsOf("global") }
  }
}
