/** Samplers: coverage, balance and determinism of their orders. */

import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { draws, epochOrder, remembered } from "../../../../../src/ops/data/patches/reading/epochs.ts"
import { sampledOrder } from "../../../../../src/ops/data/patches/reading/samplers.ts"
import { random } from "../../../../../src/pipeline/random.ts"

/** Label sets whose classes have different frequencies. */
const drawn = (images: number, shares: ReadonlyArray<number>, seed = 1): ReadonlyArray<Uint8Array> => {
  const { next } = random(seed, 0, 0, "labels")
  return Array.from({ length: images }, () => Uint8Array.from(shares, (share) => (next() < share ? 1 : 0)))
}
const multiLabel = (own: object = {}) => ({ name: "multi-label", ...own }) as const
const labelSets = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 999 }))
  .map(([images, classes, seed]) =>
    drawn(
      images,
      Array.from({ length: classes }, (_, c) => 0.6 / (c + 1)),
      seed
    )
  )

describe("the sampler multi-label", () => {
  it("gives every image exactly once, those without a label too", () => {
    fc.assert(
      fc.property(
        labelSets,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (labels, classes, images) => {
          const order = sampledOrder(multiLabel({ classes, images }), labels, 0, 24)
          expect([...order].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i))
        }
      )
    )
  })

  it("is the same for the same seed and epoch, and another for another", () => {
    const labels = drawn(80, [0.5, 0.3, 0.1])
    const order = (epoch: number, seed: number) => [...sampledOrder(multiLabel(), labels, epoch, seed)]
    expect(order(3, 24)).toEqual(order(3, 24))
    expect(order(3, 24)).not.toEqual(order(4, 24))
    expect(order(3, 24)).not.toEqual(order(3, 25))
  })

  it("begins each group with images of one class, as long as there are enough", () => {
    const labels = drawn(400, [0.4, 0.4, 0.4, 0.4])
    const order = sampledOrder(multiLabel({ classes: 2, images: 4 }), labels, 0, 24)
    for (let at = 0; at < 160; at += 4) {
      const four = [...order.subarray(at, at + 4)].map((image) => labels[image])
      expect([0, 1, 2, 3].some((c) => four.every((set) => set[c] === 1))).toBe(true)
    }
  })

  it("brings rare classes together, the more so the smaller the power", () => {
    const labels = drawn(1000, [0.9, 0.5, 0.05])
    /** Share of images of the rare class that have another one in their batch of 16. */
    const company = (order: Int32Array) => {
      let [paired, rare] = [0, 0]
      for (let at = 0; at + 16 <= order.length; at += 16) {
        const count = [...order.subarray(at, at + 16)].filter((image) => labels[image][2] === 1).length
        rare += count
        if (count > 1) paired += count
      }
      return paired / rare
    }
    const shuffled = company(epochOrder(1000, 0, true, 24))
    const sampled = company(sampledOrder(multiLabel({ classes: 2, images: 8 }), labels, 0, 24))
    expect(sampled).toBeGreaterThan(0.9)
    expect(sampled).toBeGreaterThan(shuffled + 0.2)
    const first = (power: number) => {
      const order = sampledOrder(multiLabel({ classes: 1, images: 4, power }), labels, 0, 24)
      return [...order.subarray(0, 100)].filter((image) => labels[image][2] === 1).length
    }
    expect(first(0)).toBeGreaterThan(first(1))
  })
})

describe("the draws of ranges", () => {
  it("are those of the whole, however they are cut", async () => {
    const labels = drawn(37, [0.5, 0.3])
    const orderOf = remembered((epoch) => sampledOrder(multiLabel(), labels, epoch, 24))
    const collect = (from: number, to: number) =>
      Effect.runPromise(Stream.runCollect(draws(37, 2, { from, to }, orderOf)))
    const whole = await collect(0, 3 * 37)
    expect(whole.map(({ epoch }) => epoch)).toEqual([2, 3, 4].flatMap((epoch) => Array(37).fill(epoch)))
    const parts = [await collect(0, 30), await collect(30, 90), await collect(90, 111)].flat()
    expect(parts).toEqual(whole)
  })
  it("go on after a stop as if there had been none, with every sampler", async () => {
    const labels = drawn(37, [0.5, 0.3])
    for (const sampler of ["none", multiLabel({ classes: 3, images: 2 })] as const) {
      const orderOf = (epoch: number) =>
        sampler === "none" ? epochOrder(37, epoch, true, 24) : sampledOrder(sampler, labels, epoch, 24)
      const from = (epoch: number) =>
        Effect.runPromise(Stream.runCollect(draws(37, epoch, { from: 0, to: (5 - epoch) * 37 }, remembered(orderOf))))
      const whole = await from(0)
      expect(await from(2)).toEqual(whole.slice(2 * 37))
    }
  })
})
