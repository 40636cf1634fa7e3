/** The original's means for BigEarthNet: the recorded runs, and chunks by themselves. */
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Gallery, Ranking, Report } from "../../../src/ops/elements.ts"
import { tally } from "../../../src/ops/measure/accumulate.ts"
import { chunksOf, meanOfChunks } from "../../../src/ops/measure/means.ts"
import { measure } from "../../../src/ops/measure/measure.ts"
import { prepare } from "../../../src/ops/measure/prepare.ts"
import { levels } from "../../../src/ops/measure/relevance.ts"
import { effect } from "../../effect.ts"
import { type ReferenceArray, reference } from "../../reference.ts"

interface ChunkRun extends Readonly<Record<`${"ACG" | "nDCG" | "wAP"}@${number}`, number>> {
  readonly threshold_argument: readonly [easy: number, medium: number, hard: number]
  readonly chunk_size: number
  readonly chunks: ReadonlyArray<ReadonlyArray<number>>
  readonly easy: { readonly map: number; readonly prs: number }
  readonly medium: { readonly map: number; readonly prs: number }
  readonly hard: { readonly map: number; readonly prs: number }
  readonly per_chunk: ReadonlyArray<
    { readonly keep_idxs: ReadonlyArray<number> } & Readonly<
      Record<"easy" | "medium" | "hard", { readonly map: number; readonly prs: number; readonly empty: number }>
    >
  >
}
const { retrieval } = reference<{
  readonly retrieval: Readonly<Record<"labels" | "ranks", ReferenceArray>> & {
    readonly qr_idx: ReadonlyArray<number>
    readonly db_idx: ReadonlyArray<number>
    readonly runs: ReadonlyArray<ChunkRun>
  }
}>("ben-groundtruth.json")

const gallery: Gallery = {
  names: Array.from({ length: retrieval.labels.shape[0] }, (_, i) => `patch-${i}`),
  classes: Array.from({ length: retrieval.labels.shape[1] }, (_, c) => `class ${c}`),
  labels: Uint8Array.from(retrieval.labels.data),
  queries: Int32Array.from(retrieval.qr_idx),
  database: Int32Array.from(retrieval.db_idx)
}
const ranking: Ranking = {
  kind: "ranking",
  gallery,
  from: 0,
  to: gallery.queries.length,
  order: Int32Array.from(retrieval.ranks.data),
  scores: new Float32Array(retrieval.ranks.data.length)
}

const depthsOf = (run: ChunkRun) =>
  Object.keys(run).flatMap((key) => (key.startsWith("ACG@") ? [Number(key.slice(4))] : []))

/** One chunk as if its queries were all. */
const chunkOf = ([from, to]: readonly [number, number]): Ranking => {
  const n = gallery.database.length
  return {
    ...{ kind: "ranking", from: 0, to: to - from, gallery: { ...gallery, queries: gallery.queries.slice(from, to) } },
    order: ranking.order.slice(from * n, to * n),
    scores: ranking.scores.slice(from * n, to * n)
  }
}

/** The operator's report of a recorded run, names of levels in the order in which the original was given thresholds. */
const reportOf = (run: ChunkRun, compat: "none" | "original", more: object = {}, given: Ranking = ranking) => {
  const [easy, medium, hard] = run.threshold_argument
  const params = {
    ...{ at: depthsOf(run), precision_at: 10, thresholds: { easy, medium, hard }, metrics: ["original"] },
    ...{ relations: ["hard"], bootstrap: undefined, per_query: undefined, chunk: run.chunk_size, compat, ...more }
  }
  return Stream.runHead(
    measure.run(params, { expect: () => {} })(Stream.make(given) as never) as unknown as Stream.Stream<Report, Error>
  ).pipe(Effect.map((head) => (head._tag === "Some" ? head.value : expect.fail("no report"))))
}

const near = (found: unknown, expected: number) =>
  expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected))

/** The figures of `level`s and depths that are recorded of a run or of one of its chunks. */
const same = (results: Report["results"], recorded: ChunkRun | ChunkRun["per_chunk"][number]) => {
  for (const level of levels) {
    near((results.mAP as Record<string, number>)[level], recorded[level].map)
    near((results["precision@10"] as Record<string, number>)[level], recorded[level].prs)
  }
  const graded = Object.entries(recorded).filter(([key]) => /^(ACG|nDCG|wAP)@/.test(key))
  expect(graded.length).toBeGreaterThan(0)
  for (const [key, value] of graded) near(results[key], value as number)
}

describe("compat: original, means of chunk means", () => {
  for (const run of retrieval.runs) {
    effect(`${run.threshold_argument.join(", ")} by ${run.chunk_size}: has the recorded chunks and figures`, () =>
      Effect.gen(function* () {
        const chunks = chunksOf(gallery.queries.length, run.chunk_size)
        expect(chunks.map(([from, to]) => [...gallery.queries.subarray(from, to)])).toEqual(run.chunks)
        const { notes, results } = yield* reportOf(run, "original")
        same(results, run)
        expect(notes).toContain(
          `As in the original, mAP, precision, ACG, nDCG and wAP are means of the means of ${run.chunks.length} chunks of queries, whatever the sizes of the chunks.`
        )
      })
    )

    effect(`${run.threshold_argument.join(", ")} by ${run.chunk_size}: has the recorded figures of each chunk`, () =>
      Effect.gen(function* () {
        const chunks = chunksOf(gallery.queries.length, run.chunk_size)
        expect(run.per_chunk.length).toBe(chunks.length)
        const [easy, medium, hard] = run.threshold_argument
        for (const [i, recorded] of run.per_chunk.entries()) {
          const chunk = chunkOf(chunks[i])
          same((yield* reportOf({ ...run, chunk_size: chunk.to }, "original", {}, chunk)).results, recorded)
          const plan = { at: [1], precisionAt: 10, thresholds: { easy, medium, hard } }
          const { figures } = tally(prepare(chunk.gallery, plan), chunk)
          const kept = figures.flatMap(({ relevant }, row) => (relevant[levels.indexOf("hard")] > 0 ? [row] : []))
          expect(kept).toEqual(recorded.keep_idxs)
          levels.forEach((level, l) => {
            expect(kept.filter((row) => figures[row].relevant[l] === 0).length).toBe(recorded[level].empty)
          })
        }
      })
    )
  }

  effect("is another figure than ours, which weighs queries alike and counts them by the strictest threshold", () =>
    Effect.gen(function* () {
      const [run] = retrieval.runs
      const ours = yield* reportOf(run, "none")
      expect(ours.results.mAP).not.toEqual((yield* reportOf(run, "original")).results.mAP)
      expect(ours.results).toEqual((yield* reportOf({ ...run, chunk_size: run.chunk_size - 1 }, "none")).results)
    })
  )

  effect("refuses a chunk larger than the queries, and resampling", () =>
    Effect.gen(function* () {
      const [run] = retrieval.runs
      const count = gallery.queries.length
      expect((yield* Effect.flip(reportOf({ ...run, chunk_size: count + 1 }, "original"))).message).toBe(
        `chunk: ${count + 1}: there are only ${count} queries, fewer than one chunk needs. Set a smaller \`chunk\`, or omit it for plain means.`
      )
      expect((yield* Effect.flip(reportOf(run, "original", { bootstrap: 10 }))).message).toBe(
        "bootstrap: cannot be combined with `chunk`: resampled queries have no chunks. Omit `bootstrap` or `chunk`."
      )
    })
  )
})

describe("chunks", () => {
  it("follow each other, differ by one at most, the longer first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (queries, size) => {
        fc.pre(queries >= size)
        const chunks = chunksOf(queries, size)
        expect(chunks.length).toBe(Math.floor(queries / size))
        const all = chunks.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))
        expect(all).toEqual([...Array(queries).keys()])
        const lengths = chunks.map(([from, to]) => to - from)
        expect(lengths).toEqual(lengths.toSorted((a, b) => b - a))
        expect(lengths[0] - lengths[lengths.length - 1]).toBeLessThanOrEqual(1)
      })
    )
  })

  it("weigh alike; one without a value leaves the whole undefined, not NaN", () => {
    expect(meanOfChunks([1, null, 0, 0, 0.5, 0.5], 2)).toBe(0.5)
    expect(meanOfChunks([1, null, null, null], 2)).toBeNull()
  })
})
