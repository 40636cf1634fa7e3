/** Every loss against its definition in naive loops, and cases that a person can check by hand. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { contrastiveAverage } from "../../../../src/ops/train/losses/contrastive-avg.ts"
import type { Choose } from "../../../../src/ops/train/losses/loss.ts"
import { orderedMultiLabel } from "../../../../src/ops/train/losses/oml.ts"
import { smoothAveragePrecision } from "../../../../src/ops/train/losses/smoothap.ts"
import { tripletAverage } from "../../../../src/ops/train/losses/triplet-avg.ts"
import { tripletDrawn } from "../../../../src/ops/train/losses/triplet-hard.ts"
import { crossEntropy } from "../../../../src/ops/train/losses/xent.ts"
import { inputs } from "./inputs.ts"
import * as naive from "./naive.ts"

const first: Choose = () => 0

describe("definitions", () => {
  const thresholds = fc.constantFrom(0, 0.5, 0.7, 1)
  const equal = (got: number, expected: number) =>
    expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)))

  it.each([false, true])("contrastive_avg and triplet_avg (anchors left out: %s)", (excludeAnchor) => {
    fc.assert(
      fc.property(inputs(), thresholds, fc.constantFrom(0.3, 1.2), (input, threshold, margin) => {
        const options = { threshold, margin, excludeAnchor }
        equal(contrastiveAverage(input, options).value, naive.contrastive(input, threshold, margin, excludeAnchor))
        equal(tripletAverage(input, options).value, naive.triplet(input, threshold, margin, excludeAnchor))
      })
    )
  })

  it("oml, for every temperature, in blocks of one anchor as all at once", () => {
    fc.assert(
      fc.property(inputs(), fc.constantFrom(0.001, 0.01, 0.1, 1), (input, temperature) => {
        equal(orderedMultiLabel(input, { temperature }).value, naive.ordered(input, temperature))
      })
    )
  })

  it("smoothap", () => {
    fc.assert(
      fc.property(inputs(), thresholds, fc.constantFrom(0.001, 0.01, 0.1, 1), (input, threshold, temperature) => {
        const { value } = smoothAveragePrecision(input, { threshold, temperature })
        equal(value, naive.smoothAp(input, threshold, temperature))
        expect(value).toBeGreaterThanOrEqual(-1e-12)
        expect(value).toBeLessThan(1)
      })
    )
  })

  it("xent", () => {
    fc.assert(
      fc.property(inputs(), (input) => {
        equal(crossEntropy(input).value, naive.softmaxEntropy(input))
      })
    )
  })

  it("hand-checked: two pairs on a line", () => {
    // Two images of class x at 0 and 1, two of class y at 10 and 11; d(a, p) = 1; the mean of the others and the anchor.
    const input = { rows: 4, values: Float32Array.of(0, 1, 10, 11), labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1) }
    const margin = 8
    // Others of 0: 10, 11 and 0 itself, mean 7; of 1: 10, 11, 1, mean 22/3; so d(a, n) = 7, 19/3, 19/3, 7.
    expect(tripletAverage(input, { margin }).value).toBeCloseTo((2 * (8 + 1 - 7) + 2 * (8 + 1 - 19 / 3)) / 4, 4)
    expect(tripletAverage(input, { margin, excludeAnchor: true }).value).toBeCloseTo(0, 4)
    expect(smoothAveragePrecision({ ...input, values: Float32Array.of(1, 0, 1, 0.1, 0, 1, 0.1, 1) }).value).toBeCloseTo(
      0,
      6
    )
  })
})

describe("triplet_hard", () => {
  it("never draws the anchor as its positive, but where the original's choice is asked for", () => {
    const input = { rows: 3, values: Float32Array.of(0, 5, 9), labels: Uint8Array.of(1, 0, 1, 0, 0, 1) }
    // The only positive of 0 is 1: d = 5; the anchor itself would be at d = 0.
    const right = tripletDrawn(input, first, { margin: 20 })
    expect(right.hinges).toEqual([expect.closeTo(20 + 5 - 9, 4), expect.closeTo(20 + 5 - 4, 4)])
    const original = tripletDrawn(input, first, { margin: 20, anchorAsPositive: true })
    expect(original.hinges[0]).toBeCloseTo(20 + 0 - 9, 4)
  })
})
