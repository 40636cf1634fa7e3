/** Rows times numbers by WebAssembly, against a loop. */
import fc from "fast-check"
import { expect, it } from "vitest"
import { scaledRow } from "../../../../src/ops/retrieve/rank/scaled-rows.ts"
import { rowsOf } from "../../../../src/ops/retrieve/rank/vectors.ts"
import { runs } from "../../../runs.ts"
import { noise } from "../../tensor/with-engine.ts"

it("have the bits of a loop, whatever was multiplied before", () => {
  const row = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.array(fc.tuple(row, fc.double({ noNaN: true })), { minLength: 1, maxLength: 5 }), (asked) => {
      for (const [values, factor] of asked) {
        const scaled = scaledRow(values.length)
        if (scaled === undefined) throw new Error("this engine has no WebAssembly SIMD")
        expect([...scaled(Float32Array.from(values), factor)]).toEqual(
          values.map((value) => Math.fround(value * factor))
        )
      }
    }),
    runs(300)
  )
})

it("are used for many normalised rows, which have the bits of few", () => {
  const [n, dim] = [300, 251]
  const matrix = Float32Array.from(noise([n * dim], 1).data, (value) => 2 ** 11 * value)
  matrix.fill(0, 7 * dim, 8 * dim)
  const vectors = rowsOf(matrix, dim, "normalised")
  const single = Array.from({ length: n }, (_, row) => [...vectors.read(row, row + 1)]).flat()
  expect([...vectors.read(0, n)]).toEqual(single)
})
