import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { BIGEARTHNET_V2_MOMENTS } from "../../../../src/ops/data/patches/moments/known-moments.ts"
import {
  channelMoments,
  deviation,
  merged,
  NOTHING,
  type Running
} from "../../../../src/ops/data/patches/moments/running-moments.ts"
import { normalise } from "../../../../src/ops/data/patches/normalise.ts"
import { statistics } from "../../../../src/ops/data/patches/statistics.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { counting, runIn } from "../streams.ts"

const root = temporaryFolder()
const { collect, wrote } = runIn(root)

/** Mean, then squared distances: two passes over all values. */
const naive = (values: ReadonlyArray<number>) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) }
}
const of = (values: ReadonlyArray<number>): Running => channelMoments(Float32Array.from(values), 1, 0)

describe("running moments", () => {
  const part = fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: 1, maxLength: 30 })

  it("are those of all values, however they come", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const all = parts.flat()
        const running = parts.map(of).reduce(merged, NOTHING)
        const { mean, std } = naive(all)
        expect(running.count).toBe(all.length)
        expect(running.mean).toBeCloseTo(mean, 6)
        expect(deviation(running)).toBeCloseTo(std, 6)
        expect([running.min, running.max]).toEqual([Math.min(...all), Math.max(...all)])
        const backwards = parts.map(of).reverse().reduce(merged, NOTHING)
        expect(backwards.mean).toBeCloseTo(running.mean, 6)
        expect(deviation(backwards)).toBeCloseTo(deviation(running), 6)
      })
    )
  })

  it("keep a small deviation about a large mean, where sums of squares lose it", () => {
    // Two values, a unit apart, about 2^23: squares need 46 bits, their sum over 10^5 values 63, more than a double has.
    const values = Array.from({ length: 100_000 }, (_, i) => 2 ** 23 + (i % 2))
    const parts = Array.from({ length: 100 }, (_, i) => of(values.slice(1000 * i, 1000 * (i + 1))))
    expect(deviation(parts.reduce(merged, NOTHING))).toBeCloseTo(0.5, 12)
    const squares = values.reduce((sum, value) => sum + value * value, 0) / values.length
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(Math.sqrt(Math.max(0, squares - mean * mean)) - 0.5)).toBeGreaterThan(1e-6)
  })
})

describe("statistics", () => {
  effect("computes what scales its own patches to mean 0 and deviation 1", () =>
    Effect.gen(function* () {
      const patches = counting({ patches: 6 })
      const [found] = yield* collect(patches.pipe(statistics()))
      const images = (yield* collect(patches)).map(({ image }) => image)
      for (const [channel, band] of ["B02", "B03"].entries()) {
        const values = images.flatMap((image) => [...image].filter((_, i) => i % 2 === channel))
        const { mean, std } = naive(values)
        expect(found.bands[band].mean).toBeCloseTo(mean, 9)
        expect(found.bands[band].std).toBeCloseTo(std, 9)
        expect(found.bands[band]).toMatchObject({ min: Math.min(...values), max: Math.max(...values), values: 96 })
      }
      expect(wrote).toContain(join(root, "normalisation.json"))
      const scaled = yield* collect(patches.pipe(normalise({ by: "normalisation.json" })))
      const { mean, std } = naive(scaled.flatMap(({ image }) => [...image].filter((_, i) => i % 2 === 0)))
      expect(mean).toBeCloseTo(0, 5)
      expect(std).toBeCloseTo(1, 5)
    })
  )

  effect("says what its constants are of", () =>
    Effect.gen(function* () {
      yield* collect(counting({ patches: 3 }).pipe(statistics({ to: "of-three.json" })))
      const file = JSON.parse(readFileSync(join(root, "of-three.json"), "utf8"))
      expect(file.source).toMatchObject({
        experiment: "trial",
        patches: 3,
        size: [4, 4],
        names: createHash("sha256").update("p0\np1\np2\n").digest("hex")
      })
      yield* collect(counting({ patches: 3, odd_at: 1 }).pipe(statistics({ to: "of-sizes.json" })))
      const { source } = JSON.parse(readFileSync(join(root, "of-sizes.json"), "utf8"))
      expect(source).toMatchObject({ sizes: { least: [4, 4], most: [5, 4] } })
      expect(source).not.toHaveProperty("size")
    })
  )

  effect("has constants of BigEarthNet v2, Sentinel-1 among them, by name", () =>
    Effect.gen(function* () {
      const { B02 } = BIGEARTHNET_V2_MOMENTS
      const [patch] = yield* collect(counting({ patches: 1 }).pipe(normalise({ by: "bigearthnet-v2" })))
      expect(patch.image[2]).toBeCloseTo((2 - B02.mean) / B02.std, 6)
      expect(Object.keys(BIGEARTHNET_V2_MOMENTS)).toHaveLength(14)
    })
  )

  effect("names what is wrong with a file of constants", () =>
    Effect.gen(function* () {
      const message = (by: string) =>
        Effect.map(Effect.flip(collect(counting({ patches: 1 }).pipe(normalise({ by })))), (fault) => fault.message)
      expect(yield* message("absent.json")).toContain("absent.json: there is no such file of normalisation constants")
      const given = (name: string, text: string) => {
        writeFileSync(join(root, name), text)
        return message(name)
      }
      expect(yield* given("a.json", "{")).toContain("a.json: cannot be read (")
      expect(yield* given("b.json", "[]")).toContain("b.json: holds no normalisation constants")
      const of = (bands: unknown) => JSON.stringify({ format: "orbitrank normalisation 1", bands })
      expect(yield* given("c.json", of({ B02: { mean: 1, std: 0 } }))).toContain(
        "gives band B02 mean 1 and deviation 0"
      )
      expect(yield* given("d.json", of({ B02: null }))).toContain("gives band B02 mean undefined")
      expect(yield* given("e.json", of({ B02: { mean: 1, std: 1 } }))).toContain(
        "has a channel B03 without normalisation"
      )
      expect(() => normalise({ by: "bigearthnt" })).toThrow("expected")
      const none = counting({ patches: 3 }).pipe(statistics({ to: "missing/../\0" }))
      expect((yield* Effect.flip(collect(none)))._tag).toBe("DataError")
    })
  )
})
