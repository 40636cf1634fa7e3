/** Sums in double precision by WebAssembly, against loops in the order of the dimensions. */
import fc from "fast-check"
import { expect, it } from "vitest"
import { doubleSums, type Kind, ROWS } from "../../../../src/ops/retrieve/rank/double-sums.ts"
import { exactInto, givenSquared } from "../../../../src/ops/retrieve/rank/exact.ts"
import { rowsOf } from "../../../../src/ops/retrieve/rank/vectors.ts"
import { runs } from "../../../runs.ts"
import { type By, similarity } from "./naive.ts"

const float = fc.oneof(
  { weight: 4, arbitrary: fc.float({ min: Math.fround(-2), max: Math.fround(2), noNaN: true }) },
  { weight: 1, arbitrary: fc.float({ noNaN: true }) }
)

const naive = (kind: Kind, query: ReadonlyArray<number>, row: ReadonlyArray<number>): number => {
  let sum = 0
  query.forEach((value, k) => {
    sum += kind === "products" ? value * row[k] : (value - row[k]) ** 2
  })
  return sum
}

it("have the bits of a loop, whatever was summed before", () => {
  const drawn = fc.integer({ min: 1, max: 70 }).chain((dim) =>
    fc.record({
      dim: fc.constant(dim),
      vectors: fc.array(fc.array(float, { minLength: dim, maxLength: dim }), {
        minLength: ROWS + 1,
        maxLength: ROWS + 1
      })
    })
  )
  fc.assert(
    fc.property(drawn, fc.constantFrom<Kind>("products", "distances"), ({ dim, vectors: [query, ...rows] }, kind) => {
      const sums = doubleSums(kind, dim)
      if (sums === undefined) throw new Error("Node has WebAssembly SIMD")
      sums.query.set(query)
      rows.forEach((row, i) => void sums.rows[i].set(row))
      expect([...sums.sum()]).toEqual(rows.map((row) => naive(kind, query, row)))
    }),
    runs(300)
  )
})

it("are used for many rows, and give the similarities of each pair", () => {
  // More terms than are worth compiling for, and rows that are not a multiple of eight.
  const [n, dim] = [301, 250]
  let state = 1
  const values = Float32Array.from({ length: n * dim }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
  const { given } = rowsOf(values, dim)
  const row = (i: number) => [...values.subarray(i * dim, (i + 1) * dim)]
  const rows = Int32Array.from({ length: n }, (_, i) => (i * 7) % n)
  for (const by of ["cosine", "dot", "l2"] satisfies ReadonlyArray<By>) {
    const into = new Float64Array(n)
    exactInto(by, Float64Array.from(row(3)), givenSquared(given, 3), given, rows, into)
    expect([...into]).toEqual([...rows].map((one) => similarity(by, row(3), row(one))))
  }
})
