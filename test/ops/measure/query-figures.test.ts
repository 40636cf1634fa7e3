import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Gallery, Ranking, Report } from "../../../src/ops/elements.ts"
import { tally } from "../../../src/ops/measure/accumulate.ts"
import { intervalOf, resampledMeans } from "../../../src/ops/measure/bootstrap.ts"
import { measure } from "../../../src/ops/measure/measure.ts"
import { averagePrecisionAtR } from "../../../src/ops/measure/metrics/map-at-r.ts"
import { reciprocalRank } from "../../../src/ops/measure/metrics/mrr.ts"
import { plainAveragePrecision } from "../../../src/ops/measure/metrics/plain-average-precision.ts"
import { plainPrecision } from "../../../src/ops/measure/metrics/plain-precision.ts"
import { rPrecision } from "../../../src/ops/measure/metrics/r-precision.ts"
import { recallAt } from "../../../src/ops/measure/metrics/recall.ts"
import { standardMetrics } from "../../../src/ops/measure/metrics.ts"
import { type Plan, prepare } from "../../../src/ops/measure/prepare.ts"
import { cellsOf } from "../../../src/ops/measure/query-figures.ts"
import { RelationName } from "../../../src/ops/measure/relations.ts"
import { defaultThresholds } from "../../../src/ops/measure/relevance.ts"
import { toReport } from "../../../src/ops/measure/to-report.ts"
import { Run } from "../../../src/ops/run.ts"
import { check } from "../../../src/pipeline/check.ts"
import { effect } from "../../effect.ts"
import { runs } from "../../runs.ts"
import { fakeRun } from "../fake-run.ts"
import { rankings } from "./galleries.ts"
import { jaccard, listed } from "./naive.ts"

const relations = ["easy", "hard", "jaccard 0.5", "shared 2", "any", "exact"]
const plan: Plan = {
  at: [1, 3, 20],
  precisionAt: 10,
  thresholds: defaultThresholds,
  original: false,
  standard: { metrics: standardMetrics, relations }
}

/** Every standard measure from its definition, with lists of booleans. */
const naive = {
  precision: (hits: ReadonlyArray<boolean>, k: number) =>
    hits.slice(0, k).filter(Boolean).length / Math.min(k, hits.length),
  recall: (hits: ReadonlyArray<boolean>, k: number) =>
    hits.slice(0, k).filter(Boolean).length / hits.filter(Boolean).length,
  reciprocalRank: (hits: ReadonlyArray<boolean>) => 1 / (hits.indexOf(true) + 1),
  averagePrecision: (hits: ReadonlyArray<boolean>, depth = hits.length) => {
    const at = hits.flatMap((hit, rank) => (hit && rank < depth ? [naive.precision(hits, rank + 1)] : []))
    return at.reduce((a, b) => a + b, 0) / hits.filter(Boolean).length
  },
  averagePrecisionAt: (hits: ReadonlyArray<boolean>, k: number) => {
    const at = hits.flatMap((hit, rank) => (hit && rank < k ? [naive.precision(hits, rank + 1)] : []))
    return at.length === 0 ? 0 : naive.mean(at)
  },
  precisionAtRecall: (hits: ReadonlyArray<boolean>, tenths: number) => {
    const total = hits.filter(Boolean).length
    const reached = hits.map((_, rank) => ({
      found: hits.slice(0, rank + 1).filter(Boolean).length,
      precision: naive.precision(hits, rank + 1)
    }))
    return Math.max(...reached.filter(({ found }) => 10 * found >= tenths * total).map(({ precision }) => precision))
  },
  mean: (values: ReadonlyArray<number>) => values.reduce((a, b) => a + b, 0) / values.length,
  graded: (grades: ReadonlyArray<number>, k: number) => {
    const dcg = (list: ReadonlyArray<number>) =>
      list.slice(0, k).reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0)
    return dcg(grades) / dcg(grades.toSorted((a, b) => b - a))
  },
  ndcg: (shared: ReadonlyArray<number>, k: number) => {
    const dcg = (list: ReadonlyArray<number>) =>
      list.slice(0, k).reduce((sum, c, i) => sum + (2 ** c - 1) / Math.log2(i + 2), 0)
    return dcg(shared) / dcg(shared.toSorted((a, b) => b - a))
  }
}
const isRelevant = (relation: string, a: Array<number>, b: Array<number>): boolean => {
  const shared = a.filter((label) => b.includes(label)).length
  const distance = jaccard(a, b)
  return (
    {
      easy: distance <= 0.6,
      hard: distance <= 0.2,
      "jaccard 0.5": distance <= 0.5,
      "shared 2": shared >= 2,
      any: shared > 0,
      exact: a.join() === b.join()
    }[relation] ?? false
  )
}

/** All figures of one query under their names, by the naive way. */
const expectedOf = ({ gallery, order }: Ranking, row: number) => {
  const [n, width] = [gallery.database.length, gallery.classes.length]
  const labels = (image: number) => listed(gallery.labels.subarray(image * width, (image + 1) * width))
  const query = labels(gallery.queries[row])
  const results = [...order.subarray(row * n, (row + 1) * n)].map((at) => labels(gallery.database[at]))
  const out = new Map<string, number | null>()
  for (const relation of relations) {
    const hits = results.map((other) => isRelevant(relation, query, other))
    const put = (name: string, value: () => number) =>
      out.set(`${name}/${relation}`, hits.includes(true) ? value() : null)
    for (const k of [1, 3, 10, 20]) {
      put(`plain precision@${k}`, () => naive.precision(hits, k))
      put(`recall@${k}`, () => naive.recall(hits, k))
      put(`mAP@${k}`, () => naive.averagePrecisionAt(hits, k))
    }
    const all = hits.filter(Boolean).length
    put("R-precision", () => naive.precision(hits, all))
    put("MRR", () => naive.reciprocalRank(hits))
    put("plain mAP", () => naive.averagePrecision(hits))
    put("mAP@R", () => naive.averagePrecision(hits, all))
    for (let tenths = 0; tenths <= 10; tenths++) {
      const value = hits.includes(true) ? naive.precisionAtRecall(hits, tenths) : null
      out.set(`precision at recall (${relation})/${tenths / 10}`, value)
    }
  }
  const shared = results.map((other) => other.filter((label) => query.includes(label)).length)
  for (const k of [1, 3, 20]) out.set(`ideal nDCG@${k}/`, shared.some((c) => c > 0) ? naive.ndcg(shared, k) : null)
  const grades = results.map((other) => 1 - jaccard(query, other))
  for (const k of [1, 3, 20]) {
    out.set(`label similarity@${k}/`, naive.mean(grades.slice(0, k)))
    out.set(`Jaccard nDCG@${k}/`, grades.some((grade) => grade > 0) ? naive.graded(grades, k) : null)
  }
  gallery.classes.forEach((name, c) => {
    const hits = results.map((other) => other.includes(c))
    out.set(`class mAP/${name}`, query.includes(c) && hits.includes(true) ? naive.averagePrecision(hits) : null)
    const covered = hits.slice(0, 10).includes(true) ? 1 : 0
    out.set(`class coverage@10/${name}`, query.includes(c) && hits.includes(true) ? covered : null)
  })
  return out
}

describe("standard measures", () => {
  it("are those of a naive second implementation, by every relation", () => {
    fc.assert(
      fc.property(rankings, (ranking) => {
        const prepared = prepare(ranking.gallery, plan)
        const columns = cellsOf(prepared)
        tally(prepared, ranking).figures.forEach((figures, row) => {
          const expected = expectedOf(ranking, row)
          expect(columns.map(({ name, part }) => `${name}/${part ?? ""}`).sort()).toEqual([...expected.keys()].sort())
          for (const [i, { name, part }] of columns.entries()) {
            const [found, value] = [figures.values[i], expected.get(`${name}/${part ?? ""}`)]
            if (value === null || found === null) expect([name, part, found]).toEqual([name, part, value])
            else expect(found).toBeCloseTo(value ?? Number.NaN, 12)
          }
        })
      }),
      runs(60)
    )
  })

  it("lie from 0 to 1 in reports, are never NaN, and do not depend on blocks", () => {
    fc.assert(
      fc.property(rankings, (ranking) => {
        const prepared = prepare(ranking.gallery, plan)
        const report = toReport(prepared, tally(prepared, ranking))
        const values = Object.values(report.results).flatMap((v) => (typeof v === "object" && v ? Object.values(v) : v))
        for (const value of values) expect(value === null || (value >= 0 && value <= 1)).toBe(true)
      }),
      runs(40)
    )
  })

  const hits = fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }).filter((list) => list.includes(true))
  const positions = (list: ReadonlyArray<boolean>) => list.flatMap((hit, rank) => (hit ? [rank] : []))
  const whole = [rPrecision, reciprocalRank, plainAveragePrecision, averagePrecisionAtR]

  it("give 1 to a perfect ranking, and never fall when a relevant image moves up", () => {
    fc.assert(
      fc.property(hits, fc.integer({ min: 1, max: 60 }), (list, k) => {
        const best = positions(list.toSorted((a, b) => Number(b) - Number(a)))
        for (const one of whole) expect(one(best)).toBe(1)
        expect(plainPrecision(best, best.length)).toBe(1)
        expect(recallAt(best, best.length)).toBe(1)
        for (let i = 0; i + 1 < list.length; i++) {
          if (list[i] || !list[i + 1]) continue
          const better = positions(list.with(i, true).with(i + 1, false))
          for (const one of whole) expect(one(better)).toBeGreaterThanOrEqual(one(positions(list)))
          expect(recallAt(better, k)).toBeGreaterThanOrEqual(recallAt(positions(list), k))
        }
      })
    )
  })
})

describe("relations", () => {
  it.each(["hardest", "jaccard", "jaccard 1.5", "jaccard -0.1", "shared 0", "shared 1.5", "any 2", ""])(
    "%j is none",
    (name) => {
      const [{ problem }] = Result.getOrThrow(Result.flip(check(RelationName, name)))
      expect(problem).toContain("expected easy, medium, hard, any, exact, or one such as `jaccard 0.5` or `shared 2`")
    }
  )
})

describe("the bootstrap", () => {
  it("draws the same by the same seed, others by another, and keeps within the values", () => {
    const values = [Float64Array.from({ length: 50 }, (_, i) => i / 49), new Float64Array(50).fill(0.25)]
    const means = (seed: number) =>
      values.map((_, c) => Float64Array.from({ length: 200 }, (_, draw) => resampledMeans(values, seed, draw)[c]))
    expect(means(1)).toEqual(means(1))
    expect(means(2)).not.toEqual(means(1))
    const [[low, high], constant] = means(1).map((column) => intervalOf(column) ?? [0, 0])
    // The standard error of the mean of 50 values spread evenly over [0, 1] is 0.0416.
    expect(low).toBeGreaterThan(0.5 - 3 * 0.0416)
    expect(low).toBeLessThan(0.5 - 1 * 0.0416)
    expect(high).toBeGreaterThan(0.5 + 1 * 0.0416)
    expect(high).toBeLessThan(0.5 + 3 * 0.0416)
    expect(constant).toEqual([0.25, 0.25])
  })

  it("takes the quantiles of the means, and leaves out what does not count", () => {
    const [low, high] = intervalOf(Float64Array.from({ length: 41 }, (_, i) => 40 - i)) ?? [0, 0]
    expect(low).toBeCloseTo(1, 12)
    expect(high).toBeCloseTo(39, 12)
    expect(intervalOf(Float64Array.of(Number.NaN, 3))).toEqual([3, 3])
    expect(intervalOf(Float64Array.of(Number.NaN))).toBeUndefined()
    expect(resampledMeans([Float64Array.of(Number.NaN, 2, 2)], 1, 0)).toEqual(Float64Array.of(2))
  })
})

describe("measure", () => {
  const gallery: Gallery = {
    names: ["q,1", "q2", "c", "d", "e"],
    classes: ["x", "y"],
    labels: Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1, 0),
    queries: Int32Array.of(0, 1),
    database: Int32Array.of(2, 3, 4)
  }
  const ranking: Ranking = {
    kind: "ranking",
    gallery,
    from: 0,
    to: 2,
    order: Int32Array.of(1, 0, 2, 0, 1, 2),
    scores: new Float32Array(6)
  }
  const params = {
    at: [2],
    precision_at: 1,
    thresholds: defaultThresholds,
    metrics: ["original", "mrr", "class-map"] as const
  }
  const run = (more: { bootstrap?: number; per_query?: string } = {}) =>
    Stream.runCollect(
      measure.run(
        { ...params, relations: ["exact"], bootstrap: undefined, per_query: undefined, ...more },
        { expect: () => {} }
      )(Stream.make(ranking) as never) as unknown as Stream.Stream<Report, Error, Run>
    )

  effect("sets standard figures beside the original's, under other names, with their rules", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [{ notes, results }] = yield* Effect.provideService(run(), Run, fake.run)
      expect(Object.keys(results)).toEqual(["mAP", "precision@1", "ACG@2", "nDCG@2", "wAP@2", "MRR", "class mAP"])
      expect(results.MRR).toEqual({ exact: 0.5 })
      // x: both precisions at hits are 1, and so is the third; y: its one image is second.
      expect(results["class mAP"]).toEqual({ "(mean)": 0.75, x: 1, y: 0.5 })
      expect(notes).toContain("At `exact`, a database image is relevant if its labels are the query's.")
      expect(notes).toContain("Standard figures at exact are means over the 1 query with a relevant image.")
      expect(notes.some((note) => note.startsWith("Class mAP is "))).toBe(true)
    })
  )

  effect("gives intervals by the seed of the run, and the figures of every query", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [{ results }] = yield* Effect.provideService(run({ bootstrap: 50, per_query: "queries" }), Run, fake.run)
      const low = results["ACG@2 95% low"] as number
      const high = results["ACG@2 95% high"] as number
      expect(low).toBeLessThanOrEqual(results["ACG@2"] as number)
      expect(high).toBeGreaterThanOrEqual(results["ACG@2"] as number)
      expect(results["MRR 95% low"]).toEqual({ exact: 0.5 })
      const path = join(fake.folder, "queries.csv")
      expect(fake.wrote).toEqual([path])
      const [header, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n")
      expect(header).toBe(
        "query,counted,mAP easy,mAP medium,mAP hard,precision@1 easy,precision@1 medium,precision@1 hard,ACG@2,nDCG@2,wAP@2,MRR exact,class mAP x,class mAP y,thresholds"
      )
      expect(lines[0]).toMatch(/^"q,1",1,1,/)
      expect(lines[0]).toMatch(/,0\.5,1,,0\.6 0\.4 0\.2$/)
      expect(lines[1]).toMatch(/^q2,0,,,,,,,0\.5,/)
    })
  )
})
