import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { augment } from "../../../../../src/ops/data/patches/augment.ts"
import { bandsJittered, withoutBands } from "../../../../../src/ops/data/patches/pixels/spectral.ts"
import { random } from "../../../../../src/pipeline/random.ts"
import { effect } from "../../../../effect.ts"
import { counting, runIn } from "../../streams.ts"

/** Images of 2 x 3 pixels whose values are all different and none 0. */
const images = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat()).map(([bands, seed]) => ({
  bands,
  seed,
  shaped: { height: 2, width: 3, image: Float32Array.from({ length: 6 * bands }, (_, i) => 1 + i) }
}))
const bandOf = (image: Float32Array, bands: number, band: number) => [...image].filter((_, i) => i % bands === band)

describe("band dropout", () => {
  it("sets whole bands to 0, never all, and leaves the others", () => {
    fc.assert(
      fc.property(images, fc.constantFrom(0, 0.3, 0.9, 1), ({ bands, seed, shaped }, p) => {
        const { image } = withoutBands(shaped, random(seed, 0, 0, "drop bands"), p)
        const dropped = Array.from({ length: bands }, (_, b) => bandOf(image, bands, b)).map((values, b) => {
          const gone = values.every((value) => value === 0)
          if (!gone) expect(values).toEqual(bandOf(shaped.image, bands, b))
          return gone
        })
        expect(dropped.filter(Boolean).length).toBeLessThan(bands)
        if (p === 0) expect(dropped).not.toContain(true)
        if (p === 1) expect(dropped.filter((gone) => !gone).length).toBe(1)
      })
    )
  })

  it("drops about the share that it is told", () => {
    const shaped = { height: 1, width: 1, image: new Float32Array(20).fill(1) }
    const zeros = Array.from({ length: 400 }, (_, i) => withoutBands(shaped, random(1, 0, i, "drop bands"), 0.25).image)
    const share = zeros.reduce((sum, image) => sum + image.filter((value) => value === 0).length, 0) / (400 * 20)
    expect(Math.abs(share - 0.25)).toBeLessThan(0.02)
  })
})

describe("band jitter", () => {
  it("multiplies each band by one factor within its bounds, different for each", () => {
    fc.assert(
      fc.property(images, fc.constantFrom(0.05, 0.5), ({ bands, seed, shaped }, most) => {
        const { image } = bandsJittered(shaped, random(seed, 0, 0, "augment bands"), most)
        const factors = Array.from({ length: bands }, (_, b) => {
          const [got, was] = [bandOf(image, bands, b), bandOf(shaped.image, bands, b)]
          got.forEach((value, i) => {
            expect(value / was[i]).toBeCloseTo(got[0] / was[0], 5)
          })
          return got[0] / was[0]
        })
        for (const factor of factors) expect(Math.abs(factor - 1)).toBeLessThanOrEqual(most + 1e-6)
        // Two of many factors may be equal in float32, all of them may not.
        expect(new Set(factors).size > 1 || bands === 1).toBe(true)
      })
    )
  })
})

describe("augment", () => {
  const collect = (given: Parameters<typeof augment>[0], seed = 7, epochs = 2) =>
    runIn(".", seed)
      .collect(counting({ patches: 6, epochs }).pipe(augment(given)))
      .pipe(Effect.map((patches) => patches.map(({ image }) => [...image])))

  effect("draws spectral changes by seed, epoch and index alone, and leaves other draws as they were", () =>
    Effect.gen(function* () {
      const spectral = { band_dropout: 0.3, band_jitter: 0.2 }
      const [one, again, other] = [yield* collect(spectral), yield* collect(spectral), yield* collect(spectral, 8)]
      expect(again).toEqual(one)
      expect(other).not.toEqual(one)
      expect(one.slice(0, 6)).not.toEqual(one.slice(6))
      // What flips a patch does not depend on what else is on.
      const flips = { h_flip: 0.5, v_flip: 0.5, rotate: 0.5 }
      const [plain, both] = [yield* collect(flips), yield* collect({ ...flips, band_jitter: 1e-9 })]
      both.forEach((image, i) => {
        image.forEach((value, at) => {
          expect(value).toBeCloseTo(plain[i][at], 3)
        })
      })
    })
  )

  effect("refuses colour jitter of bands that are not red, green and blue", () =>
    Effect.gen(function* () {
      const message = yield* Effect.flip(collect({ colour_jitter: { p: 1 } })).pipe(
        Effect.map((error) => error.message)
      )
      expect(message).toBe(
        "p0: has the channels B02, B03, but `colour_jitter` changes red, green and blue. Use `band_jitter` instead, or read red, green and blue in this order."
      )
    })
  )
})
