import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Gallery, Ranking, Report } from "../../../src/ops/elements.ts"
import { emptyTally, merge, tally } from "../../../src/ops/measure/accumulate.ts"
import { measure } from "../../../src/ops/measure/measure.ts"
import { type Plan, prepare } from "../../../src/ops/measure/prepare.ts"
import { figureOf, figuresOf } from "../../../src/ops/measure/query-figures.ts"
import { defaultThresholds, levels } from "../../../src/ops/measure/relevance.ts"
import { toReport } from "../../../src/ops/measure/to-report.ts"
import { effect } from "../../effect.ts"
import { type Case, cases, depthsOf, galleryOf, thresholds } from "../retrieve/cases.ts"
import { rankings } from "./galleries.ts"
import * as naive from "./naive.ts"

const planOf = ({ expect }: Case): Plan => ({ at: depthsOf(expect), precisionAt: 10, thresholds })
const rankingOf = (one: Case): Ranking => ({
  kind: "ranking",
  gallery: galleryOf(one),
  from: 0,
  to: one.expect.ranks.shape[0],
  order: Int32Array.from(one.expect.ranks.data),
  scores: new Float32Array(one.expect.ranks.data.length)
})
const near = (found: unknown, expected: number) => {
  expect(typeof found).toBe("number")
  expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected))
}

describe.each(cases)("recorded case $name", ({ one }) => {
  const measured = () => tally(prepare(galleryOf(one), planOf(one)), rankingOf(one))
  const { per_query } = one.expect

  it("counts the recorded queries and positives", () => {
    const { figures, rows } = measured()
    expect(rows.filter((_, i) => figures[i].counted)).toEqual(per_query.keep_idxs)
    levels.forEach((level, l) => {
      expect(figures.map(({ relevant }) => relevant[l])).toEqual(per_query.positives[level])
    })
  })

  it("has the recorded figures of every query", () => {
    const prepared = prepare(galleryOf(one), planOf(one))
    const { figures } = measured()
    for (const level of levels) {
      per_query.keep_idxs.forEach((row, i) => {
        near(figureOf(prepared, figures[row], "mAP", level), per_query.ap[level][i])
        near(figureOf(prepared, figures[row], "precision@10", level), per_query.p10[level][i])
      })
    }
    const depths = planOf(one).at
    const recordedAt = depths.filter((k) => `multilabel@${k}` in per_query)
    expect(recordedAt.length).toBeGreaterThan(0)
    for (const k of recordedAt) {
      const recorded = per_query[`multilabel@${k}`]
      figures.forEach((found, row) => {
        for (const name of ["ACG", "nDCG", "wAP"] as const)
          near(figureOf(prepared, found, `${name}@${k}`), recorded[`${name}@${k}`][row])
      })
    }
  })

  effect("has the recorded means, by the operator", () =>
    Effect.gen(function* () {
      const whole = rankingOf(one)
      const n = whole.gallery.database.length
      const part = (from: number, to: number): Ranking => ({
        ...whole,
        from,
        to,
        order: whole.order.slice(from * n, to * n),
        scores: whole.scores.slice(from * n, to * n)
      })
      const params = {
        at: planOf(one).at,
        precision_at: 10,
        thresholds,
        metrics: ["original"],
        relations: ["easy"]
      } as const
      const given = { ...params, bootstrap: undefined, per_query: undefined }
      const run = (...rankings: ReadonlyArray<Ranking>) =>
        Stream.runCollect(
          measure.run(given, { expect: () => {} })(
            Stream.fromIterable(rankings) as never
          ) as unknown as Stream.Stream<Report>
        )
      const [report, ...more] = yield* run(whole)
      expect(more).toEqual([])
      for (const level of levels) {
        const recorded = one.expect[level] as Readonly<Record<string, number>>
        near((report.results.mAP as Record<string, number>)[level], recorded.map)
        near((report.results["precision@10"] as Record<string, number>)[level], recorded["precision@10"])
      }
      for (const [key, recorded] of Object.entries(one.expect)) {
        if (/^(ACG|nDCG|wAP)@/.test(key)) near(report.results[key], recorded as number)
      }
      expect(report.counted).toBe(per_query.keep_idxs.length)
      expect(report.queries).toBe(whole.to)
      expect(yield* run(part(0, 1), part(1, 12), part(12, whole.to))).toEqual([report])
    })
  )
})

const plan: Plan = { at: [1, 3, 20], precisionAt: 10, thresholds: defaultThresholds }

describe("figures", () => {
  it("are those of the naive second implementation", () => {
    fc.assert(
      fc.property(rankings, ({ gallery, order, to }) => {
        const prepared = prepare(gallery, plan)
        const n = gallery.database.length
        const classes = gallery.classes.length
        const labels = (image: number) => naive.listed(gallery.labels.subarray(image * classes, (image + 1) * classes))
        for (let row = 0; row < to; row++) {
          const ranked = order.subarray(row * n, (row + 1) * n)
          const found = figuresOf(prepared, row, ranked)
          const of = (name: string, part?: string) => figureOf(prepared, found, name, part)
          const results = [...ranked].map((at) => labels(gallery.database[at]))
          const query = labels(gallery.queries[row])
          const hitsAt = (threshold: number) => results.map((other) => naive.jaccard(query, other) <= threshold)
          const counted = hitsAt(plan.thresholds.hard).includes(true)
          expect(found.counted).toBe(counted)
          for (const level of levels) {
            const hits = hitsAt(plan.thresholds[level])
            const figures = ["mAP", `precision@${plan.precisionAt}`].map((name) => of(name, level))
            if (!counted) expect(figures).toEqual([null, null])
            else {
              expect(figures[0]).toBeCloseTo(naive.averagePrecision(hits), 12)
              expect(figures[1]).toBeCloseTo(naive.precision(hits, plan.precisionAt), 12)
            }
          }
          const shared = results.map((other) => other.filter((label) => query.includes(label)).length)
          for (const k of plan.at) {
            const depth = Math.min(k, n)
            expect(of(`ACG@${k}`)).toBeCloseTo(naive.acg(shared, depth), 12)
            expect(of(`nDCG@${k}`)).toBeCloseTo(naive.ndcg(shared, depth), 12)
            expect(of(`wAP@${k}`)).toBeCloseTo(naive.wap(shared, depth), 12)
          }
        }
      })
    )
  })

  it("of parts merge to those of the whole, to the last digit, in any order and measured twice", () => {
    fc.assert(
      fc.property(rankings, fc.nat(), (whole, pick) => {
        const prepared = prepare(whole.gallery, plan)
        const n = whole.gallery.database.length
        const at = pick % (whole.to + 1)
        const part = (from: number, to: number) =>
          tally(prepared, { ...whole, from, to, order: whole.order.slice(from * n, to * n) })
        const [first, second] = [part(0, at), part(at, whole.to)]
        const expected = toReport(prepared, tally(prepared, whole))
        expect(toReport(prepared, merge(first, second))).toEqual(expected)
        expect(toReport(prepared, merge(second, emptyTally, first, second))).toEqual(expected)
        expect(toReport(prepared, merge(merge(second), merge(first, first)))).toEqual(expected)
      })
    )
  })

  it("do not change when the database is permuted, each query's order with it", () => {
    fc.assert(
      fc.property(rankings, fc.nat(), (ranking, seed) => {
        const { database } = ranking.gallery
        const moved = fc.sample(
          fc.shuffledSubarray([...database.keys()], { minLength: database.length, maxLength: database.length }),
          { numRuns: 1, seed }
        )[0]
        const place = Int32Array.from(database, (_, at) => moved.indexOf(at))
        const gallery = { ...ranking.gallery, database: Int32Array.from(moved, (at) => database[at]) }
        const permuted = { ...ranking, gallery, order: ranking.order.map((at) => place[at]) }
        expect(tally(prepare(gallery, plan), permuted)).toEqual(tally(prepare(ranking.gallery, plan), ranking))
      })
    )
  })

  it("are never NaN, in no report", () => {
    fc.assert(
      fc.property(rankings, (ranking) => {
        const report = toReport(prepare(ranking.gallery, plan), tally(prepare(ranking.gallery, plan), ranking))
        const values = Object.values(report.results).flatMap((v) => (typeof v === "object" && v ? Object.values(v) : v))
        for (const value of values) expect(value === null || Number.isFinite(value)).toBe(true)
        expect(Object.values(report.results.mAP as object).every((v) => v === null || (v >= 0 && v <= 1))).toBe(true)
      })
    )
  })
})

describe("a report", () => {
  /** Two queries, [1, 0] and [0, 1], over three images that all have [1, 0]. */
  const gallery: Gallery = {
    names: ["a", "b", "c", "d", "e"],
    classes: ["x", "y"],
    labels: Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 0, 1, 0),
    queries: Int32Array.of(0, 1),
    database: Int32Array.of(2, 3, 4)
  }
  const ranking = (from: number, to: number): Ranking => ({
    kind: "ranking",
    gallery,
    from,
    to,
    order: Int32Array.of(0, 1, 2, 0, 1, 2).slice(3 * from, 3 * to),
    scores: new Float32Array(3 * (to - from))
  })
  const reported = (from: number, to: number) => {
    const prepared = prepare(gallery, plan)
    return toReport(prepared, tally(prepared, ranking(from, to)))
  }

  it("says the rule, who is left out and what is cut", () => {
    const report = reported(0, 2)
    expect(report.results.mAP).toEqual({ easy: 1, medium: 1, hard: 1 })
    expect(report.results["ACG@3"]).toBe(0.5)
    expect(report.counted).toBe(1)
    expect(report.notes).toEqual([
      "A database image is relevant if its Jaccard distance to the query's labels is at most 0.6 (easy), 0.4 (medium), 0.2 (hard).",
      "ACG, nDCG and wAP count the labels shared with the query, and are means over all queries.",
      "1 query has no relevant image at hard and is left out of mAP and precision.",
      "Depth 20 is reduced to 3: the database has 3 images."
    ])
  })

  it("has null, with a note, where nothing is defined", () => {
    const report = reported(1, 2)
    expect(report.results.mAP).toEqual({ easy: null, medium: null, hard: null })
    expect(report.results["precision@10"]).toEqual({ easy: null, medium: null, hard: null })
    expect(report.results["nDCG@20"]).toBe(0)
    expect(report.notes).toContain("No query counts in mAP and precision, which are therefore undefined.")
  })

  it("refuses a ranking that is not one, and no ranking", () => {
    const prepared = prepare(gallery, plan)
    expect(() => tally(prepared, { ...ranking(0, 2), order: Int32Array.of(0, 1) })).toThrow(
      "queries 0 to 1: 2 ranks are not 2 orders of 3 database images. Rank the whole database for each query."
    )
    expect(() => toReport(prepared, emptyTally)).toThrow("report: no query was measured. Rank at least one query.")
  })

  effect("refuses an empty stream", () =>
    Effect.gen(function* () {
      const params = {
        ...{ at: [1], precision_at: 1, thresholds: defaultThresholds, metrics: ["original"] as const },
        ...{ relations: ["easy"], bootstrap: undefined, per_query: undefined }
      }
      const stream = measure.run(params, { expect: () => {} })(Stream.empty as never) as unknown as Stream.Stream<
        Report,
        Error
      >
      expect((yield* Effect.flip(Stream.runDrain(stream))).message).toBe(
        "rankings: none arrived. Rank at least one query."
      )
    })
  )
})
