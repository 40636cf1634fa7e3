/**
 * Cross-batch memory (Wang et al., CVPR 2020): a bounded queue of the embeddings and labels of the newest batches. Anchors of a
 * batch are compared with the batch and with the queue; the queue gets no gradient. It is saved in checkpoints as `memory/…`.
 */
import { Schema } from "effect"
import { NonNegativeInt, optional, PositiveInt } from "../../pipeline/param.ts"
import type { NamedArray } from "../elements.ts"
import { joined } from "../joined.ts"
import type { BranchesOf, Memory } from "./losses/combined.ts"

const PREFIX = "memory/"
const LABELS = `${PREFIX}labels`
const KINDS = ["local", "global"] as const

/** The parameter `xbm`. */
export interface CrossBatchOptions {
  readonly size: number
  readonly after?: number
}

export const crossBatchParam = optional(
  Schema.Struct({ size: PositiveInt, after: Schema.optionalKey(NonNegativeInt) }).annotate({
    expected: "a mapping of size (images that are remembered) and, if wanted, after (updates before it begins)"
  }),
  "Cross-batch memory: `metric_loss` also compares with the embeddings of the last `size` images, once `after` (0) updates are made."
)

/** The last rows of a matrix. */
const lastRows = <A extends Float32Array | Uint8Array>(values: A, rows: number, most: number): A =>
  (rows <= most ? values : values.slice(((rows - most) * values.length) / rows)) as A

/** Whether an array of a checkpoint belongs to the memory. */
export const isRemembered = (name: string): boolean => name.startsWith(PREFIX)

/** The memory that a checkpoint holds; undefined if it holds none. */
export const memoryFrom = (arrays: ReadonlyArray<NamedArray>): Memory | undefined => {
  const labels = arrays.find(({ name }) => name === LABELS)
  if (labels === undefined) return undefined
  const of = (kind: "local" | "global") =>
    arrays
      .filter(({ name }) => name.startsWith(PREFIX + kind))
      .sort((a, b) => Number(a.name.slice((PREFIX + kind).length)) - Number(b.name.slice((PREFIX + kind).length)))
      .map(({ data }) => data as Float32Array)
  return {
    rows: labels.shape[0],
    labels: Uint8Array.from(labels.data),
    embeddings: { local: of("local"), global: of("global") }
  }
}

/** The arrays under which a memory is saved. */
export const memoryArrays = (memory: Memory | undefined): ReadonlyArray<NamedArray> => {
  if (memory === undefined) return []
  const { embeddings, labels, rows } = memory
  const array = (name: string, data: Float32Array) => ({ name, shape: [rows, data.length / rows], data })
  return [
    array(LABELS, Float32Array.from(labels)),
    ...KINDS.flatMap((kind) => embeddings[kind].map((data, i) => array(`${PREFIX}${kind}${i}`, data)))
  ]
}

/** The memory after a batch: its oldest rows leave. */
export const remembered = (memory: Memory | undefined, batch: Memory, size: number): Memory => {
  const rows = (memory?.rows ?? 0) + batch.rows
  const of = (kind: "local" | "global") =>
    batch.embeddings[kind].map((values, i) =>
      lastRows(memory === undefined ? values : joined([memory.embeddings[kind][i], values]), rows, size)
    )
  return {
    rows: Math.min(rows, size),
    labels: lastRows(memory === undefined ? batch.labels : joined([memory.labels, batch.labels]), rows, size),
    embeddings: { local: of("local"), global: of("global") } satisfies BranchesOf<Float32Array>
  }
}
