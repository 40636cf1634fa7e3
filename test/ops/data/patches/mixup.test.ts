import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { batch } from "../../../../src/ops/data/patches/batch.ts"
import { betaDrawn, mixed, mixup } from "../../../../src/ops/data/patches/mixup.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { effect } from "../../../effect.ts"
import { makeBatch } from "../../train/harness.ts"
import { counting, runIn } from "../streams.ts"

describe("the share of a mixture", () => {
  it.each([0.2, 1, 4])("has mean 1/2 and the variance of Beta(%d, the same)", (alpha) => {
    const draws = Array.from({ length: 4000 }, (_, i) => betaDrawn(random(5, 0, i, "mixup"), alpha))
    expect(draws.every((share) => share >= 0 && share <= 1)).toBe(true)
    const mean = draws.reduce((sum, share) => sum + share, 0) / draws.length
    const variance = draws.reduce((sum, share) => sum + (share - mean) ** 2, 0) / draws.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03)
    expect(variance / (1 / (4 * (2 * alpha + 1)))).toBeCloseTo(1, 1)
  })
})

describe("mixup", () => {
  it("mixes pixels and labels of each patch by the same share with the same partner", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.constantFrom(0, 0.25, 1), fc.nat(), (size, share, seed) => {
        const given = makeBatch(0, seed % 9, size)
        const partners = random(seed, 0, 0, "partners").permutation(size)
        const got = mixed(given, share, partners)
        const check = (out: ArrayLike<number>, rows: ArrayLike<number>) => {
          const width = rows.length / size
          let off = 0
          for (let at = 0; at < rows.length; at++) {
            const [i, k] = [Math.floor(at / width), at % width]
            off = Math.max(off, Math.abs(out[at] - (share * rows[at] + (1 - share) * rows[partners[i] * width + k])))
          }
          expect(off).toBeLessThan(1e-6)
        }
        check(got.images, given.images)
        check(got.soft ?? [], given.labels)
        expect([got.labels, got.names]).toEqual([given.labels, given.names])
      })
    )
  })

  const collect = (given: Parameters<typeof mixup>[0], seed = 7) =>
    runIn(".", seed).collect(counting({ patches: 8, epochs: 2 }).pipe(batch({ size: 4 }), mixup(given)))

  effect("draws by seed, epoch and batch alone", () =>
    Effect.gen(function* () {
      const [one, again, other] = [yield* collect({}), yield* collect({}), yield* collect({}, 8)]
      expect(again).toEqual(one)
      expect(other.map(({ images }) => images)).not.toEqual(one.map(({ images }) => images))
      expect(one[0].images).not.toEqual(one[2].images)
      const still = yield* collect({ p: 0 })
      expect(still.every(({ soft }) => soft === undefined)).toBe(true)
    })
  )
})
