import { expect, it } from "vitest"
import { MOST_MEMORY, omlMeasured } from "../../../bench/losses.ts"

it("oml takes a batch of 300 in the memory that is promised", () => {
  const { memory } = omlMeasured(300, 1)
  expect(memory).toBeGreaterThan(0)
  expect(memory).toBeLessThan(MOST_MEMORY)
})
