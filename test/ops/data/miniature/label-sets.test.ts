import { describe, expect, it } from "vitest"
import { drawLabelSets } from "../../../../src/ops/data/miniature/label-sets.ts"

describe("label sets", () => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 7],
    [4, 15],
    [5, 30],
    [60, 30]
  ])("of %d classes are %d different ones", (classes, count) => {
    const sets = drawLabelSets(3, classes, (_, set) => set)
    expect(sets).toHaveLength(count)
    expect(new Set(sets.map((set) => set.join())).size).toBe(count)
    for (const set of sets) {
      expect(set).toEqual([...new Set(set)].sort((a, b) => a - b))
      expect(set.every((one) => one >= 0 && one < classes)).toBe(true)
    }
  })

  it("of no class are refused", () => {
    expect(() => drawLabelSets(3, 0, (_, set) => set)).toThrow("has no class")
  })
})
