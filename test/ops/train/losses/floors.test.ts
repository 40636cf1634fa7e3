import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { multiLabelCrossEntropy } from "../../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../../src/ops/train/losses/oml.ts"

describe("oml", () => {
  it("never goes below its floor, and reaches it where classes lie apart", () => {
    const batches = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 })).chain(([rows, width]) =>
      fc.record({
        rows: fc.constant(rows),
        values: fc
          .array(fc.integer({ min: -1000, max: 1000 }), { minLength: rows * width, maxLength: rows * width })
          .map((list) => Float32Array.from(list, (value) => value / 500)),
        labels: fc
          .array(fc.integer({ min: 0, max: 1 }), { minLength: rows * 3, maxLength: rows * 3 })
          .map((list) => Uint8Array.from(list))
      })
    )
    fc.assert(
      fc.property(batches, (input) => {
        const { value, floor } = orderedMultiLabel(input)
        expect(value).toBeGreaterThanOrEqual(floor - 1e-9)
      })
    )
    const values = Float32Array.of(1, 0, 1, 0.001, 0, 1, 0.001, 1)
    const apart = orderedMultiLabel({ values, labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1), rows: 4 })
    expect(apart.floor).toBe(0.5)
    expect(apart.value).toBeCloseTo(apart.floor, 9)
  })
})

describe("ml_xent", () => {
  it("is finite for huge logits", () => {
    const got = multiLabelCrossEntropy({ rows: 2, values: Float32Array.of(1e5, -1e5), labels: Uint8Array.of(0, 0) })
    expect(got.value).toBe(5e4)
    expect([...got.gradient]).toEqual([0.5, 0])
  })
})
