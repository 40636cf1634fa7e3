/** Combines an id loss on logits and a metric loss on embeddings, over all branches of a network, into one weighted loss. */
import { joined } from "../../joined.ts"
import type { Team } from "../../workers/loops.ts"
import type { Choose, Loss, LossInput, LossValue } from "./loss.ts"

/** Output of one branch: embedding [rows, d], logits [rows, classes]. */
export interface BranchValues {
  readonly embedding: Float32Array
  readonly logits: Float32Array
}
/** One value per branch of a network. */
export interface BranchesOf<A> {
  /** Branches of parts of the features; empty for a single head. */
  readonly local: ReadonlyArray<A>
  /** Branches of the whole features. */
  readonly global: ReadonlyArray<A>
}

/** The chosen losses with their weights. */
export interface Losses {
  /** The loss on logits. */
  readonly id: Loss | undefined
  /** The loss on embeddings. */
  readonly metric: Loss | undefined
  readonly weight: readonly [id: number, metric: number]
  /** Threads that share the loops over large batches; by default one thread computes all. */
  readonly team?: Team | undefined
}

/** Embeddings and labels of earlier batches. */
export interface Memory {
  readonly rows: number
  /** Multi-hot [rows, classes]. */
  readonly labels: Uint8Array
  /** [rows, d] of each branch. */
  readonly embeddings: BranchesOf<Float32Array>
}

/** What the metric loss knows beside the batch: earlier batches, and the array that it learns. */
export interface Held {
  readonly memory?: Memory | undefined
  readonly learned?: Float32Array | undefined
  /** Weights of the labels of the batch, for both losses. */
  readonly soft?: Float32Array | undefined
}

/** Value and gradients of both losses together. */
export interface Combined {
  readonly total: number
  /** Each loss before its weight; 0 if there is none. */
  readonly id: number
  readonly metric: number
  /** The smallest total that any output could give with these labels; NaN if it is unknown. */
  readonly floor: number
  /** Derivatives of the total; undefined for outputs that no loss looks at. */
  readonly gradients: BranchesOf<{ readonly [K in keyof BranchValues]: Float32Array | undefined }>
  /** Derivative of the total with respect to the array that the metric loss learns. */
  readonly learned: Float32Array | undefined
  /** The embeddings that the loss was computed from. */
  readonly embeddings: BranchesOf<Float32Array>
}

const NONE = { value: 0, floor: 0 }

/** The mean over branches of one kind, and each branch's gradient times `weight`, divided by the number of branches. */
const averaged = (loss: Loss | undefined, inputs: ReadonlyArray<LossInput>, choose: Choose, weight: number) => {
  if (loss === undefined || inputs.length === 0) {
    return { ...NONE, gradients: inputs.map(() => undefined), learned: undefined }
  }
  const found = inputs.map((input) => loss(input, choose))
  const mean = (of: (one: LossValue) => number) => found.reduce((sum, one) => sum + of(one), 0) / found.length
  return {
    value: mean(({ value }) => value),
    floor: mean(({ floor }) => floor),
    gradients: found.map(({ gradient }) => gradient.map((slope) => (slope * weight) / found.length)),
    learned: found[0].learned?.map((slope) => slope * weight)
  }
}

/** A batch followed by the rows of the memory; only the rows of the batch are anchors. */
const beside = (input: LossInput, memory: Memory | undefined, embeddings: Float32Array | undefined): LossInput =>
  memory === undefined || embeddings === undefined
    ? input
    : {
        ...input,
        values: joined([input.values, embeddings]),
        labels: joined([input.labels, memory.labels]),
        rows: input.rows + memory.rows,
        anchors: input.rows
      }

/** Without the slopes of the memory. */
const ofBatch = <A extends { readonly gradients: ReadonlyArray<Float32Array | undefined> }>(
  found: A,
  inputs: ReadonlyArray<{ readonly values: Float32Array }>
): A => ({ ...found, gradients: found.gradients.map((one, i) => one?.subarray(0, inputs[i].values.length)) })

/**
 * The weighted sum of both losses. Each is averaged over the local and over the global branches, and both means are added.
 * With parts, the sum is therefore about twice that of a single branch, as in the original.
 *
 * @param labels multi-hot [rows, classes]
 */
export const combined = (
  { id, metric, team, weight }: Losses,
  branches: BranchesOf<BranchValues>,
  labels: Uint8Array,
  rows: number,
  choose: Choose,
  { learned, memory, soft }: Held = {}
): Combined => {
  const of = (kind: "local" | "global", part: keyof BranchValues) => {
    const inputs = branches[kind].map((branch) => ({ values: branch[part], labels, rows, team, soft }))
    if (part === "logits") return averaged(id, inputs, choose, weight[0])
    const all = inputs.map((input, i) => beside(input, memory, memory?.embeddings[kind][i]))
    const given = learned === undefined ? all : all.map((input) => ({ ...input, learned }))
    return ofBatch(averaged(metric, given, choose, weight[1]), inputs)
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
    gradients: { local: gradientsOf("local"), global: gradientsOf("global") },
    learned: metrics.global.learned,
    embeddings: {
      local: branches.local.map(({ embedding }) => embedding),
      global: branches.global.map(({ embedding }) => embedding)
    }
  }
}
