import { Effect } from "effect"
import { describe, expect } from "vitest"
import { crop } from "../../../../src/ops/data/patches/crop.ts"
import { effect } from "../../../effect.ts"
import { counting, runIn } from "../streams.ts"

const { collect } = runIn("/nowhere")

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
