/** Similarities in double precision, against a naive second implementation. */
import fc from "fast-check"
import { expect, it } from "vitest"
import { exactInto, givenRow, givenSquared } from "../../../../src/ops/retrieve/rank/exact.ts"
import { givenOf } from "../../../../src/ops/retrieve/rank/vectors.ts"
import { runs } from "../../../runs.ts"
import { embeddings } from "../cases.ts"
import { type By, similarity } from "./naive.ts"

const drawn = fc
  .record({ n: fc.integer({ min: 1, max: 30 }), dim: fc.integer({ min: 1, max: 11 }) })
  .chain(({ dim, n }) =>
    fc.record({
      dim: fc.constant(dim),
      values: fc
        .array(fc.integer({ min: -900, max: 900 }), { minLength: n * dim, maxLength: n * dim })
        .map((list) => Float32Array.from(list, (v, i) => v / 128 + (i % dim === 0 ? 9 : 0))),
      rows: fc.array(fc.nat({ max: n - 1 }), { maxLength: 20 }),
      size: fc.integer({ min: 1, max: 8 })
    })
  )

it("are those of each pair, to the last digit, wherever rows lie", () => {
  fc.assert(
    fc.property(drawn, fc.constantFrom<By>("cosine", "dot", "l2"), ({ dim, rows, size, values }, by) => {
      const n = values.length / dim
      const given = givenOf(
        embeddings(values, new Uint8Array(n), dim, 1, size),
        Int32Array.from({ length: n }, (_, i) => n - 1 - i)
      )
      const row = (i: number) => [...values.subarray((n - 1 - i) * dim, (n - i) * dim)]
      const into = new Float64Array(rows.length)
      const query = Float64Array.from(givenRow(given, 0))
      exactInto(by, query, givenSquared(given, 0), given, Int32Array.from(rows), into)
      expect([...into]).toEqual(rows.map((one) => similarity(by, row(0), row(one))))
    }),
    runs(200)
  )
})
