/** The operator `measure`: its parameters, and what it refuses. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { Gallery, Ranking, Report } from "../../../src/ops/elements.ts"
import { measure } from "../../../src/ops/measure/measure.ts"
import { Run } from "../../../src/ops/run.ts"
import { check } from "../../../src/pipeline/check.ts"
import { effect } from "../../effect.ts"
import { fakeRun } from "../fake-run.ts"

const gallery: Gallery = {
  names: ["a", "b", "c"],
  classes: ["x", "y"],
  labels: Uint8Array.of(1, 0, 1, 0, 0, 1),
  queries: Int32Array.of(0),
  database: Int32Array.of(1, 2)
}
const ranking: Ranking = {
  ...{ kind: "ranking", gallery, from: 0, to: 1, order: Int32Array.of(0, 1), scores: new Float32Array(2) }
}
const given = {
  at: [1],
  precision_at: 1,
  thresholds: { easy: 0.6, medium: 0.4, hard: 0.2 },
  metrics: ["original"] as const,
  relations: ["hard"]
}
const run = (more: object) =>
  Stream.runCollect(
    measure.run({ ...given, ...more } as never, { expect: () => {} })(
      Stream.make(ranking) as never
    ) as unknown as Stream.Stream<Report, Error, Run>
  )
const names = (more: object) => Effect.map(run(more), ([{ results }]) => Object.keys(results))
const STANDARD = ["plain precision@1", "recall@1", "R-precision", "MRR", "plain mAP", "mAP@R", "ideal nDCG@1"]

describe("measure", () => {
  effect("takes the original's figures, all standard ones, or some of these", () =>
    Effect.gen(function* () {
      const { run: service } = yield* fakeRun
      const of = (...metrics: ReadonlyArray<string>) => Effect.provideService(names({ metrics }), Run, service)
      const original = ["mAP", "precision@1", "ACG@1", "nDCG@1", "wAP@1"]
      expect(yield* of("original")).toEqual(original)
      expect(yield* of("original", "mrr")).toEqual([...original, "MRR"])
      const all = yield* of("standard")
      expect(all).toEqual(
        expect.arrayContaining([
          ...STANDARD,
          "mAP@1",
          "label similarity@1",
          "Jaccard nDCG@1",
          "class mAP",
          "class coverage@10",
          "precision at recall (hard)"
        ])
      )
      expect(all).toHaveLength(STANDARD.length + 6)
    })
  )

  effect("refuses intervals of chunks, which only `compat: original` takes", () =>
    Effect.gen(function* () {
      const { run: service } = yield* fakeRun
      const message = Effect.flip(
        Effect.provideService(run({ chunk: 1, bootstrap: 5, compat: "original" }), Run, service)
      )
      expect((yield* message).message).toBe(
        "bootstrap: cannot be combined with `chunk`: resampled queries have no chunks. Omit `bootstrap` or `chunk`."
      )
      const [{ results }] = yield* Effect.provideService(run({ chunk: 1, bootstrap: 5, compat: "none" }), Run, service)
      expect(results["ACG@1 95% low"]).toBe(1)
    })
  )

  effect("names the file of queries where it cannot be written", () =>
    Effect.gen(function* () {
      const { folder, run: service, wrote } = yield* fakeRun
      const path = join(folder, "queries.csv")
      mkdirSync(join(path, "in the way"), { recursive: true })
      const { message } = yield* Effect.flip(Effect.provideService(run({ per_query: "queries" }), Run, service))
      expect(message).toMatch(
        /queries\.csv: cannot be written \(E[A-Z]+: .*\)\. Free disk space, or choose another run folder\.$/
      )
      expect(message.startsWith(path)).toBe(true)
      expect(wrote).toEqual([])
    })
  )

  it("says of each parameter what it is, and takes the original's by default", () => {
    expect(measure.name).toBe("measure")
    expect(measure.about).toMatch(/^Reduces rankings to mAP/)
    const found = Object.fromEntries(
      Object.entries(measure.params).map(([name, { description, fallback }]) => [
        name,
        [description.length >= 19, fallback]
      ])
    )
    expect(found).toEqual({
      at: [true, [20, 40, 60, 80, 100]],
      precision_at: [true, 10],
      thresholds: [true, { easy: 0.6, medium: 0.4, hard: 0.2 }],
      metrics: [true, ["original"]],
      relations: [true, ["easy", "medium", "hard"]],
      by: [true, []],
      bootstrap: [true, undefined],
      per_query: [true, undefined],
      chunk: [true, undefined],
      compat: [true, "none"]
    })
    const ok = (name: keyof typeof measure.params, value: unknown) =>
      Result.isSuccess(check(measure.params[name].schema as never, value))
    expect(ok("metrics", ["original", "standard", "mrr"])).toBe(true)
    expect(ok("metrics", ["best"])).toBe(false)
    expect(ok("thresholds", { easy: 1, medium: 0.5, hard: 0 })).toBe(true)
    expect(ok("thresholds", { easy: 1, medium: 0.5 })).toBe(false)
  })
})
