import fc from "fast-check"
import { expect, it } from "vitest"
import type { Band } from "../../../../src/ops/elements.ts"
import { stretchOf } from "../../../../src/ops/show/pictures/true-colour.ts"

const ARRAYS = { uint16: Uint16Array, int16: Int16Array, float32: Float32Array } as const

const band = (dtype: keyof typeof ARRAYS, values: ReadonlyArray<number>, nodata?: number): Band =>
  ({ name: "R", dtype, height: 1, width: values.length, data: ARRAYS[dtype].from(values), nodata }) as Band

const bands = (least: number, most: number) =>
  fc.array(
    fc.record({
      values: fc.array(fc.integer({ min: least, max: most }), { maxLength: 40 }),
      marked: fc.boolean()
    }),
    { maxLength: 4 }
  )

it.each([
  ["uint16", 0, 65_535],
  ["int16", -32_768, 32_767]
] as const)("counting %s values finds the percentiles that sorting finds", (dtype, least, most) => {
  fc.assert(
    fc.property(fc.oneof(bands(least, most), bands(least, least + 3)), (drawn) => {
      const of = (kind: keyof typeof ARRAYS) =>
        drawn.map(({ marked, values }) => band(kind, values, marked ? values[0] : undefined))
      expect(stretchOf(of(dtype))).toEqual(stretchOf(of("float32")))
    })
  )
})
