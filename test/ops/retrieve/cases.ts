/** The recorded retrieval cases, and embeddings made of them. */
import { type Effect, Stream } from "effect"
import type { Embeddings, Gallery } from "../../../src/ops/elements.ts"
import type { Run } from "../../../src/ops/run.ts"
import { type ReferenceArray, reference } from "../../reference.ts"

export interface Case {
  readonly vectors: ReferenceArray
  readonly labels: ReferenceArray
  readonly expect: Readonly<Record<string, unknown>> & {
    readonly qr_idx: ReadonlyArray<number>
    readonly db_idx: ReadonlyArray<number>
    readonly ranks: ReferenceArray
    readonly per_query: {
      readonly keep_idxs: ReadonlyArray<number>
      readonly positives: Readonly<Record<string, ReadonlyArray<number>>>
      readonly ap: Readonly<Record<string, ReadonlyArray<number>>>
      readonly p10: Readonly<Record<string, ReadonlyArray<number>>>
    } & Readonly<Record<`multilabel@${number}`, Readonly<Record<string, ReadonlyArray<number>>>>>
  }
}

interface MetricsSmall extends Readonly<Record<string, unknown>> {
  readonly seed: number
  readonly thresholds: { readonly easy: number; readonly medium: number; readonly hard: number }
}

const file = reference<MetricsSmall>("metrics-small.json")
export const { seed, thresholds } = file
export const cases = Object.entries(file).flatMap(
  ([name, value]): Array<{ name: string; one: Case }> =>
    typeof value === "object" && value !== null && "vectors" in value ? [{ name, one: value as Case }] : []
)

/** The depths at which graded measures are recorded. */
export const depthsOf = (recorded: object): Array<number> =>
  Object.keys(recorded).flatMap((key) => (key.startsWith("ACG@") ? [Number(key.slice(4))] : []))

/** Batches of any size, with names and classes that are numbers. */
export const embeddings = (
  vectors: Float32Array,
  labels: Uint8Array,
  dim: number,
  classes: number,
  size = vectors.length / dim
): ReadonlyArray<Embeddings> => {
  const n = vectors.length / dim
  return Array.from({ length: Math.ceil(n / size) }, (_, b) => {
    const from = b * size
    const to = Math.min(n, from + size)
    return {
      kind: "embeddings",
      size: to - from,
      dim,
      names: Array.from({ length: to - from }, (_, i) => `patch-${from + i}`),
      vectors: vectors.slice(from * dim, to * dim),
      labels: labels.slice(from * classes, to * classes),
      classes: Array.from({ length: classes }, (_, c) => `class ${c}`)
    }
  })
}

/** What a step gives for some embeddings. */
export const through = <A>(
  batches: ReadonlyArray<Embeddings>,
  step: (stream: Stream.Stream<Embeddings>) => unknown
): Effect.Effect<Array<A>, Error, Run> =>
  Stream.runCollect(step(Stream.fromIterable(batches)) as Stream.Stream<A, Error, Run>)

export const embeddingsOf = ({ labels, vectors }: Case, size?: number): ReadonlyArray<Embeddings> =>
  embeddings(Float32Array.from(vectors.data), Uint8Array.from(labels.data), vectors.shape[1], labels.shape[1], size)

export const galleryOf = ({ expect, labels }: Case): Gallery => ({
  names: Array.from({ length: labels.shape[0] }, (_, i) => `patch-${i}`),
  classes: Array.from({ length: labels.shape[1] }, (_, c) => `class ${c}`),
  labels: Uint8Array.from(labels.data),
  queries: Int32Array.from(expect.qr_idx),
  database: Int32Array.from(expect.db_idx)
})
