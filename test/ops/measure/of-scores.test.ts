import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as metrics from "../../../src/metrics.ts"
import { acg, averagePrecision, jaccard, listed, ndcg, wap } from "./naive.ts"

/** For each image: labels that it shares with the query, and its score; equal scores occur. */
const images = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 0, max: 5 })), { minLength: 1, maxLength: 12 })

/** Values of the images by descending score, ties by position. */
const sorted = (values: ReadonlyArray<number>, scores: ReadonlyArray<number>) =>
  [...values.keys()].sort((a, b) => scores[b] - scores[a] || a - b).map((at) => values[at])

describe("metrics of scores", () => {
  it("are those of a naive loop over the sorted images", () => {
    fc.assert(
      fc.property(images, fc.nat(11), (drawn, at) => {
        const shared = drawn.map(([labels]) => labels)
        const scores = drawn.map(([, score]) => score)
        const relevant = shared.map((labels) => labels > 1)
        const hits = sorted(relevant.map(Number), scores).map(Boolean)
        const k = 1 + (at % drawn.length)
        const found = hits.slice(0, k).filter(Boolean).length
        const total = hits.filter(Boolean).length
        const defined = <A>(value: A) => (total === 0 ? null : value)
        const close = (value: number | null, expected: number | null) =>
          expected === null ? expect(value).toBeNull() : expect(value).toBeCloseTo(expected, 12)
        const precisions = hits.flatMap((hit, i) =>
          hit ? [hits.slice(0, i + 1).filter(Boolean).length / (i + 1)] : []
        )
        const mean = (values: ReadonlyArray<number>) => values.reduce((a, b) => a + b, 0) / total
        close(metrics.averagePrecision(relevant, scores), defined(averagePrecision(hits)))
        close(metrics.plainAveragePrecision(relevant, scores), defined(mean(precisions)))
        const first = hits.slice(0, total).filter(Boolean).length
        close(metrics.averagePrecisionAtR(relevant, scores), defined(mean(precisions.slice(0, first))))
        close(metrics.rPrecision(relevant, scores), defined(first / total))
        close(metrics.reciprocalRank(relevant, scores), defined(1 / (hits.indexOf(true) + 1)))
        close(metrics.precision(relevant, scores, k), defined(found / k))
        close(metrics.recall(relevant, scores, k), defined(found / total))
        close(metrics.ACG(shared, scores, k), acg(sorted(shared, scores), k))
        close(metrics.nDCG(shared, scores, k), ndcg(sorted(shared, scores), k))
        close(metrics.wAP(shared, scores, k), wap(sorted(shared, scores), k))
      })
    )
  })

  it("mAP leaves out queries without a relevant image", () => {
    const some = { relevant: [1, 0, 1], scores: [1, 2, 3] }
    expect(metrics.mAP([some, { relevant: [0, 0], scores: [1, 2] }])).toBe(
      metrics.averagePrecision([1, 0, 1], [1, 2, 3])
    )
    expect(metrics.mAP([])).toBeNull()
  })

  it("the Jaccard distance is that of label sets", () => {
    const labels = fc.array(fc.tuple(fc.nat(1), fc.nat(1)), { maxLength: 8 })
    fc.assert(
      fc.property(labels, (drawn) => {
        const [a, b] = [drawn.map(([one]) => one), drawn.map(([, two]) => two)]
        expect(metrics.jaccardDistance(a, b)).toBe(jaccard(listed(a), listed(b)))
      })
    )
  })

  it("refuse what cannot be measured", () => {
    expect(() => metrics.averagePrecision([1, 0], [1])).toThrow("1 scores for 2 images")
    expect(() => metrics.nDCG([1, 0], [1, Number.NaN], 1)).toThrow("score 1 is NaN")
    for (const k of [0, 3, 1.5]) expect(() => metrics.precision([1, 0], [1, 2], k)).toThrow("whole number from 1 to 2")
    expect(() => metrics.jaccardDistance([1], [1, 0])).toThrow("label vectors of 1 and 2 classes")
  })
})
