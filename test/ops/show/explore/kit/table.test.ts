import { parse } from "csv-parse/sync"
import fc from "fast-check"
import { expect, it } from "vitest"
import { csvOf } from "../../../../../src/ops/show/explore/kit/table.ts"

it("tables are read back by another program, whatever the names", () => {
  const text = fc.string({ unit: "binary", minLength: 1 })
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (rows) => {
      const read = parse(csvOf(["a", "b"], rows), { record_delimiter: "\n" })
      expect(read).toEqual([["a", "b"], ...rows])
    })
  )
})
