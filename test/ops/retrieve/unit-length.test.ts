import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { normaliseInto, squares } from "../../../src/ops/retrieve/unit-length.ts"
import { runs } from "../../runs.ts"

const values = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 })

it("writes the vector divided by its length, and nothing beside it", () => {
  fc.assert(
    fc.property(values, fc.nat({ max: 3 }), (given, at) => {
      const vector = Float32Array.from(given)
      const length = Math.hypot(...vector)
      fc.pre(length > 1e-6)
      const into = new Float32Array(at + vector.length + 2).fill(9)
      expect(normaliseInto(vector, into, at)).toBe(true)
      vector.forEach((value, k) => {
        expect(into[at + k]).toBeCloseTo(value / length, 6)
      })
      expect([...into.subarray(0, at), ...into.subarray(at + vector.length)]).toEqual(new Array(at + 2).fill(9))
    }),
    runs(200)
  )
})

it.each([
  ["zeros", [0, 0]],
  ["NaN", [1, Number.NaN]],
  ["infinity", [Number.POSITIVE_INFINITY, 1]],
  ["nothing", []]
] as const)("refuses %s, and writes nothing", (_, vector) => {
  const into = new Float32Array(4).fill(9)
  expect(normaliseInto(Float32Array.from(vector), into, 1)).toBe(false)
  expect([...into]).toEqual([9, 9, 9, 9])
})

describe("the sum of squares", () => {
  it("is in double precision, where single precision overflows or loses the small ones", () => {
    expect(squares(Float32Array.of(3, -4))).toBe(25)
    expect(squares(Float32Array.of(2 ** 100, 2 ** 100))).toBe(2 ** 201)
    expect(squares(Float32Array.of(4096, 0.5))).toBe(2 ** 24 + 0.25)
    expect(squares(new Float32Array(0))).toBe(0)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("is not finite with %d", (value) => {
    expect(Number.isFinite(squares(Float32Array.of(1, value, 2)))).toBe(false)
  })
})
