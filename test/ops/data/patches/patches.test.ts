import { Effect } from "effect"
import { describe, expect } from "vitest"
import { augment } from "../../../../src/ops/data/patches/augment.ts"
import { batch } from "../../../../src/ops/data/patches/batch.ts"
import { crop } from "../../../../src/ops/data/patches/crop.ts"
import { BIGEARTHNET_MOMENTS } from "../../../../src/ops/data/patches/normalisation.ts"
import { normalise } from "../../../../src/ops/data/patches/normalise.ts"
import { effect } from "../../../effect.ts"
import { counting, runIn } from "../streams.ts"

const { collect } = runIn("/nowhere")

describe("batch", () => {
  effect("stacks patches in order and ends at every epoch's end", () =>
    Effect.gen(function* () {
      const batches = yield* collect(counting({ patches: 5, epochs: 2 }).pipe(batch({ size: 2 })))
      expect(batches.map(({ epoch, size, names }) => [epoch, size, names.join(" ")])).toEqual([
        [0, 2, "p0 p1"],
        [0, 2, "p2 p3"],
        [0, 1, "p4"],
        [1, 2, "p0 p1"],
        [1, 2, "p2 p3"],
        [1, 1, "p4"]
      ])
      const [, second, short] = batches
      expect([...second.indices]).toEqual([2, 3])
      expect([...second.images]).toEqual([2, 3].flatMap((p) => Array.from({ length: 32 }, (_, k) => 100 * p + k)))
      expect([...second.labels]).toEqual([0, 1, 1, 1])
      expect([short.images.length, short.labels.length, short.indices.length]).toEqual([32, 2, 1])
      expect(short).toMatchObject({ height: 4, width: 4, bands: ["B02", "B03"], classes: ["a", "b"] })
    })
  )

  effect("leaves out short batches where told to", () =>
    Effect.gen(function* () {
      const batches = yield* collect(counting({ patches: 5, epochs: 2 }).pipe(batch({ size: 2, drop_last: true })))
      expect(batches.map(({ names }) => names.join(" "))).toEqual(["p0 p1", "p2 p3", "p0 p1", "p2 p3"])
      expect(yield* collect(counting({ patches: 5 }).pipe(batch({ size: 6, drop_last: true })))).toEqual([])
    })
  )

  effect("refuses patches of two sizes", () =>
    Effect.gen(function* () {
      const fault = yield* Effect.flip(collect(counting({ patches: 3, odd_at: 1 }).pipe(batch({ size: 3 }))))
      expect(fault._tag).toBe("DataError")
      expect(fault.message).toBe(
        "p1: is 5 x 4, 2 bands, 2 classes, but its batch began with p0: 4 x 4, 2 bands, 2 classes. Bring all patches to one size with `crop`, and read the same bands and classes of all."
      )
    })
  )
})

describe("crop", () => {
  effect("takes the centre", () =>
    Effect.gen(function* () {
      const [patch] = yield* collect(counting({ patches: 1 }).pipe(crop({ size: 2 })))
      expect([patch.height, patch.width]).toEqual([2, 2])
      // Rows 1 and 2, columns 1 and 2 of 4 x 4 pixels of two channels.
      expect([...patch.image]).toEqual([10, 11, 12, 13, 18, 19, 20, 21])
    })
  )

  effect("takes every place at random, another in every epoch, the same for the same seed", () =>
    Effect.gen(function* () {
      const pipeline = counting({ patches: 200, epochs: 2 }).pipe(crop({ size: 2, at: "random" }))
      const corners = (yield* collect(pipeline)).map(({ image, index }) => image[0] - 100 * index)
      // Nine corners, evenly: 400 draws give each about 44 times, standard deviation 6.
      const counts = new Map<number, number>()
      for (const corner of corners) counts.set(corner, (counts.get(corner) ?? 0) + 1)
      expect(counts.size).toBe(9)
      for (const count of counts.values()) expect(Math.abs(count - 400 / 9)).toBeLessThan(30)
      expect(corners.slice(0, 200)).not.toEqual(corners.slice(200))
      expect((yield* collect(pipeline)).map(({ image, index }) => image[0] - 100 * index)).toEqual(corners)
      const other = yield* runIn("/nowhere", 8).collect(pipeline)
      expect(other.map(({ image, index }) => image[0] - 100 * index)).not.toEqual(corners)
    })
  )

  effect("refuses patches that are too small", () =>
    Effect.gen(function* () {
      const fault = yield* Effect.flip(collect(counting({ patches: 1 }).pipe(crop({ size: 5 }))))
      expect(fault.message).toContain("p0: has 4 x 4 pixels, too few for a crop of 5 x 5")
    })
  )
})

describe("augment", () => {
  const patches = 600
  /** What became of each patch, told by its first pixel's old place: 0 stayed, 6 h, 24 v or 270, 30 turned by 180. */
  const seen = (chances: Parameters<typeof augment>[0]) =>
    Effect.map(collect(counting({ patches }).pipe(augment(chances))), (all) =>
      all.map(({ image, index }) => `${image[0] - 100 * index},${image[2] - 100 * index}`)
    )
  const shares = (all: ReadonlyArray<string>) => {
    const count = (key: string) => all.filter((one) => one === key).length / patches
    return {
      none: count("0,2"),
      h: count("6,4"),
      v: count("24,26"),
      turned90: count("6,14"),
      turned180: count("30,28"),
      turned270: count("24,16")
    }
  }
  const near = (found: number, expected: number) => expect(Math.abs(found - expected)).toBeLessThan(0.07)

  effect("chooses one of three evenly and applies it with its own probability", () =>
    Effect.gen(function* () {
      const all = shares(yield* seen({ h_flip: 1, v_flip: 1, rotate: 1 }))
      near(all.none, 0)
      near(all.h, 1 / 3)
      near(all.v, 1 / 3)
      near(all.turned90, 1 / 9)
      near(all.turned180, 1 / 9)
      near(all.turned270, 1 / 9)
      const half = shares(yield* seen({ h_flip: 0.5, v_flip: 0, rotate: 1 }))
      near(half.none, 1 / 2)
      near(half.h, 1 / 6)
      expect(half.v).toBe(0)
      near(half.turned90 + half.turned180 + half.turned270, 1 / 3)
    })
  )

  effect("leaves patches alone by default", () =>
    Effect.gen(function* () {
      expect(shares(yield* seen({})).none).toBe(1)
    })
  )
})

describe("normalise", () => {
  effect("scales by the band's constants, or not at all", () =>
    Effect.gen(function* () {
      const { B02, B03 } = BIGEARTHNET_MOMENTS
      const [patch] = yield* collect(counting({ patches: 1 }).pipe(normalise()))
      expect(patch.image[2]).toBeCloseTo((2 - B02.mean) / B02.std, 6)
      expect(patch.image[3]).toBeCloseTo((3 - B03.mean) / B03.std, 6)
      const [same] = yield* collect(counting({ patches: 1 }).pipe(normalise({ by: "none" })))
      expect(same.image[3]).toBe(3)
    })
  )
})
