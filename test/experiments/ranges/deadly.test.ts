import { describe, expect, it } from "vitest"
import { deadlyCell, deadlyRange } from "../../../src/experiments/ranges/deadly.ts"

describe("work that ends its process again and again", () => {
  it("is named once, with the number of times", () => {
    const range = { pipeline: "extract", from: 64, to: 128 }
    expect(deadlyRange(range, "the workers that made it vanished", 10).message).toBe(
      "range 64 to 128 of extract: the workers that made it vanished, 10 times. Look for the patches of this range that crash a process, or give each process more memory: fewer processes, smaller batches, a smaller `range`."
    )
    expect(deadlyCell("seed=1", "its process was killed", 3).message).toBe(
      "seed=1: its process was killed, 3 times. Run this cell alone to see why, or give each process more memory: fewer processes, smaller batches."
    )
  })
})
