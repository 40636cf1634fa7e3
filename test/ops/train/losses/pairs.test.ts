/** Losses of pairs, rankings and softmaxes against their definitions in naive loops, and the relations they use. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { asymmetric } from "../../../../src/ops/train/losses/asl.ts"
import { circle } from "../../../../src/ops/train/losses/circle.ts"
import { hierarchicalPrecision } from "../../../../src/ops/train/losses/happier.ts"
import { logRatio } from "../../../../src/ops/train/losses/log-ratio.ts"
import { marginLoss } from "../../../../src/ops/train/losses/margin.ts"
import { drawnByDistance, minerNames, tripletsOf } from "../../../../src/ops/train/losses/miners.ts"
import { multiLabelCrossEntropy } from "../../../../src/ops/train/losses/ml-xent.ts"
import { smoothedCrossEntropy } from "../../../../src/ops/train/losses/ml-xent-smooth.ts"
import { multiLabelSupervisedContrastive } from "../../../../src/ops/train/losses/mulsupcon.ts"
import { multiSimilarity } from "../../../../src/ops/train/losses/multi-similarity.ts"
import { recallSurrogate } from "../../../../src/ops/train/losses/recall-at-k.ts"
import { relevanceOf } from "../../../../src/ops/train/losses/relations.ts"
import { roadmapLoss } from "../../../../src/ops/train/losses/roadmap.ts"
import { smoothAveragePrecision } from "../../../../src/ops/train/losses/smoothap.ts"
import { scalableNeighbor } from "../../../../src/ops/train/losses/sndl.ts"
import { supervisedContrastive } from "../../../../src/ops/train/losses/supcon.ts"
import { tripletMined } from "../../../../src/ops/train/losses/triplet-mined.ts"
import { inputs } from "./inputs.ts"
import * as naive from "./naive-pairs.ts"

const first = () => 0
const equal = (got: number, expected: number) =>
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(expected)))
const relation = (threshold: number) => ({ name: "jaccard", threshold }) as const
const thresholds = fc.constantFrom(0, 0.5, 0.7)

describe("definitions", () => {
  it("supcon, mulsupcon, sndl", () => {
    fc.assert(
      fc.property(inputs(), fc.constantFrom(0.05, 0.1, 1), thresholds, (input, temperature, threshold) => {
        const { jaccardSimilarity, within } = naive
        equal(supervisedContrastive(input, { temperature }).value, naive.supcon(input, temperature, jaccardSimilarity))
        const binary = { temperature, relation: relation(threshold) }
        equal(supervisedContrastive(input, binary).value, naive.supcon(input, temperature, within(threshold)))
        equal(multiLabelSupervisedContrastive(input, { temperature }).value, naive.mulsupcon(input, temperature))
        equal(scalableNeighbor(input, binary).value, naive.sndl(input, temperature, within(threshold)))
        const graded = { temperature, relation: "graded_jaccard" } as const
        equal(scalableNeighbor(input, graded).value, naive.sndl(input, temperature, jaccardSimilarity))
      })
    )
  })

  it("log_ratio", () => {
    fc.assert(
      fc.property(inputs(), fc.constantFrom(0.01, 0.1, 1), (input, offset) => {
        equal(logRatio(input, { offset }).value, naive.logRatio(input, offset, naive.jaccardSimilarity))
      })
    )
  })

  it("happier, which is smoothap where relevance is 0 or 1", () => {
    fc.assert(
      fc.property(inputs(), fc.constantFrom(0.01, 0.1, 1), thresholds, (input, temperature, threshold) => {
        equal(
          hierarchicalPrecision(input, { temperature }).value,
          naive.happier(input, temperature, naive.jaccardSimilarity)
        )
        const [one, other] = [
          hierarchicalPrecision(input, { temperature, relation: relation(threshold) }),
          smoothAveragePrecision(input, { temperature, threshold })
        ]
        equal(one.value, other.value)
        one.gradient.forEach((slope, i) => {
          expect(slope).toBeCloseTo(other.gradient[i], 5)
        })
      })
    )
  })

  it("roadmap, whose first term bounds 1 - average precision from above", () => {
    fc.assert(
      fc.property(inputs(), fc.constantFrom(0, 0.5, 1), thresholds, (input, calibration, threshold) => {
        const given = { t: 0.01, slope: 100, calibration, above: 0.9, below: 0.6 }
        const { value } = roadmapLoss(input, { calibration, relation: relation(threshold) })
        equal(value, naive.roadmap(input, naive.within(threshold), given))
      })
    )
  })

  it("recall_at_k", () => {
    fc.assert(
      fc.property(inputs(), thresholds, fc.constantFrom(0.01, 0.3), (input, threshold, temperature) => {
        const given = { relation: relation(threshold), k: 5, temperature, rank_temperature: 0.7 }
        equal(
          recallSurrogate(input, given).value,
          naive.recall(input, naive.within(threshold), [1, 2, 4], temperature, 0.7)
        )
      })
    )
  })

  it("multi_similarity", () => {
    fc.assert(
      fc.property(inputs(), thresholds, fc.constantFrom(0.01, 0.3), (input, threshold, slack) => {
        const given = { alpha: 2, beta: 50, base: 0.5, slack }
        const got = multiSimilarity(input, { ...given, relation: relation(threshold) }).value
        equal(got, naive.multiSimilarity(input, naive.within(threshold), given))
      })
    )
  })

  it("circle, whose gradient holds the weights of pairs constant", () => {
    const given = { gamma: 4, m: 0.25 }
    const step = 2 ** -10
    fc.assert(
      fc.property(inputs(6), thresholds, (input, threshold) => {
        const relevance = naive.within(threshold)
        const got = circle(input, { gamma: given.gamma, relaxation: given.m, relation: relation(threshold) })
        equal(got.value, naive.circle(input, relevance, given))
        if (input.values.some((value, i) => i % 2 === 0 && Math.abs(value) < 0.05)) return
        const scale = Math.max(0.05, ...got.gradient.map(Math.abs))
        input.values.forEach((value, i) => {
          const at = (x: number) => naive.circle({ ...input, values: input.values.with(i, x) }, relevance, given, input)
          const [right, left] = [at(value + step) - at(value), at(value) - at(value - step)]
          if (Math.abs(right - left) > 0.05 * scale * step) return
          expect(Math.abs((right + left) / (2 * step) - got.gradient[i])).toBeLessThan(0.05 * scale)
        })
      })
    )
  })

  it("margin with all negatives, and triplet with each miner that draws nothing", () => {
    fc.assert(
      fc.property(inputs(), thresholds, fc.constantFrom(0.2, 1), (input, threshold, margin) => {
        const [relevance, chosen] = [naive.within(threshold), relation(threshold)]
        const pairs = { margin, negatives: "all", relation: chosen } as const
        equal(marginLoss(input, first, pairs).value, naive.margin(input, relevance, margin, 1.2))
        const mined = (miner: "all" | "hard" | "semi_hard") =>
          tripletMined(input, first, { margin, miner, relation: chosen }).value
        equal(
          mined("all"),
          naive.triplet(input, relevance, margin, (P, N) => P.flatMap((p) => N.map((n) => [p, n] as const)))
        )
        equal(
          mined("hard"),
          naive.triplet(input, relevance, margin, (P, N) => [[Math.max(...P), Math.min(...N)]])
        )
        equal(
          mined("semi_hard"),
          naive.triplet(input, relevance, margin, (P, N) =>
            P.map((p) => [p, Math.min(...N.filter((n) => n > p), Number.POSITIVE_INFINITY)] as const).map(([p, n]) => [
              p,
              n === Number.POSITIVE_INFINITY ? Math.max(...N) : n
            ])
          )
        )
      })
    )
  })

  it("asl, which is ml_xent without focusing and clip, and ml_xent_smooth", () => {
    fc.assert(
      fc.property(inputs(), fc.constantFrom(0, 1, 4), fc.constantFrom(0, 1, 4), (input, positive, negative) => {
        const given = { gamma_positive: positive, gamma_negative: negative, clip: 0.05 }
        equal(asymmetric(input, given).value, naive.asymmetric(input, positive, negative, 0.05))
        const plain = asymmetric(input, { gamma_positive: 0, gamma_negative: 0, clip: 0 })
        equal(plain.value, multiLabelCrossEntropy(input).value)
        equal(smoothedCrossEntropy(input, { smoothing: 0.2 }).value, naive.smoothed(input, 0.2))
      })
    )
  })
})

describe("relations", () => {
  const labels = Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0)
  const row = (choice: Parameters<typeof relevanceOf>[2]) => [...relevanceOf(labels, 4, choice).subarray(0, 4)]

  it("are what their names say, checked by hand", () => {
    expect(row("exact")).toEqual([1, 0, 1, 0])
    expect(row("any")).toEqual([1, 1, 1, 0])
    expect(row({ name: "shared", n: 2 })).toEqual([1, 0, 1, 0])
    expect(row({ name: "jaccard", threshold: 0.5 })).toEqual([1, 1, 1, 0])
    expect(row({ name: "jaccard", threshold: 0.4 })).toEqual([1, 0, 1, 0])
    expect(row("graded_jaccard")).toEqual([1, 0.5, 1, 0])
    expect(row("cosine")[1]).toBeCloseTo(Math.SQRT1_2, 12)
    // The first class is in 3 of 4 images, the second in 2.
    const [common, rare] = [Math.log(5 / 4) + 1, Math.log(5 / 3) + 1]
    expect(row("idf_jaccard")[1]).toBeCloseTo(common / (common + rare), 12)
  })

  it("give 1 on the diagonal, are symmetric and lie between 0 and 1", () => {
    const choices = ["exact", "any", "graded_jaccard", "cosine", "idf_jaccard", "shared", "jaccard"] as const
    fc.assert(
      fc.property(inputs(), fc.constantFrom(...choices), ({ labels: given, rows }, choice) => {
        const relevance = relevanceOf(given, rows, choice)
        for (let i = 0; i < rows; i++) {
          expect(relevance[i * rows + i]).toBe(1)
          for (let j = 0; j < rows; j++) {
            expect(relevance[i * rows + j]).toBe(relevance[j * rows + i])
            expect(relevance[i * rows + j]).toBeGreaterThanOrEqual(0)
            expect(relevance[i * rows + j]).toBeLessThanOrEqual(1)
          }
        }
      })
    )
  })
})

describe("miners", () => {
  const pairs = [{ anchor: 0, positives: [1, 2], negatives: [3, 4, 5] }]
  const distances = new Float64Array(36)
  distances.set([0, 0.5, 0.9, 0.6, 1.2, 1.9])
  const relevance = () => new Float64Array(36)
  const between = (i: number, j: number) => distances[6 * i + j]
  const given = { distances, rows: 6, dim: 8, choose: first, relevance, between }

  it("find the triplets that their papers name", () => {
    expect(minerNames).toContain("distance_weighted")
    expect(tripletsOf("hard", pairs, given)).toEqual([{ anchor: 0, positive: 2, negative: 3 }])
    expect(tripletsOf("semi_hard", pairs, given)).toEqual([
      { anchor: 0, positive: 1, negative: 3 },
      { anchor: 0, positive: 2, negative: 4 }
    ])
    expect(tripletsOf("all", pairs, given)).toHaveLength(6)
    expect(tripletsOf("hard", [{ anchor: 0, positives: [], negatives: [1] }], given)).toEqual([])
  })

  it("draw negatives by the inverse of the density of distances", () => {
    const q = (d: number) => d ** 6 * (1 - (d * d) / 4) ** 2.5
    const weights = [0.6, 1.2].map((d) => 1 / q(d))
    const share = weights[0] / (weights[0] + weights[1])
    const at = (part: number) => drawnByDistance(0, [3, 4, 5], { ...given, choose: (n) => Math.floor(part * n) })
    expect(at(share - 0.001)).toBe(3)
    expect(at(share + 0.001)).toBe(4)
    expect(at(0.9999999)).toBe(4)
    // All are too far away: each is as likely.
    expect(drawnByDistance(0, [5], { ...given, choose: (n) => n - 1 })).toBe(5)
  })
})
