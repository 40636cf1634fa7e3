import { Effect } from "effect"
import { describe, expect } from "vitest"
import { batch } from "../../../../src/ops/data/patches/batch.ts"
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
