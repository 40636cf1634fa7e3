import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { mt19937 } from "../../../../src/ops/data/splits/mt19937.ts"
import { prepareStd, querySplit } from "../../../../src/ops/data/splits/original-draws.ts"
import { reference } from "../../../reference.ts"

interface Standard {
  readonly seed: number
  readonly n: number
  readonly train: ReadonlyArray<number>
  readonly val: ReadonlyArray<number>
  readonly test: ReadonlyArray<number>
}
const cases = reference<{
  readonly query_split: ReadonlyArray<{ seed: number; n: number; k: number; query: ReadonlyArray<number> }>
  readonly prepare_std: ReadonlyArray<Standard>
  readonly base_loader_split: ReadonlyArray<Standard>
  readonly stream: {
    readonly seed: number
    readonly first_uint32: ReadonlyArray<number>
    readonly permutation_20: ReadonlyArray<number>
    readonly scalar_choice_sizes: ReadonlyArray<number>
    readonly scalar_choice: ReadonlyArray<number>
  }
}>("split-indices.json")

const plain = (indices: Int32Array) => [...indices]
/** What the original draws. */
const SHARES = { train: 0.7, val: 0.1, queries: 0.2 }

describe("mt19937", () => {
  const { seed, first_uint32, permutation_20, scalar_choice_sizes, scalar_choice } = cases.stream

  it("gives numpy's 32-bit outputs", () => {
    const generator = mt19937(seed)
    expect(first_uint32.map(() => generator.uint32())).toEqual(first_uint32)
  })
  it("gives numpy's permutation", () => {
    expect(plain(mt19937(seed).permutation(permutation_20.length))).toEqual(permutation_20)
  })
  it("gives numpy's bounded integers", () => {
    const generator = mt19937(seed)
    expect(scalar_choice_sizes.map((size) => generator.bounded(size - 1))).toEqual(scalar_choice)
  })
  it("does not choose more than there is", () => {
    expect(() => mt19937(1).choice(Int32Array.of(1, 2), 3)).toThrow("cannot choose 3 of 2")
  })
})

describe("splits", () => {
  it.each([...cases.prepare_std, ...cases.base_loader_split])("are those of the original: seed $seed, n $n", (one) => {
    const { train, val, test } = prepareStd(one.n, one.seed, SHARES.train, SHARES.val)
    expect({ train: plain(train), val: plain(val), test: plain(test) }).toEqual({
      train: one.train,
      val: one.val,
      test: one.test
    })
  })

  it.each(cases.query_split)("draw the queries of the original: seed $seed, n $n", ({ n, seed, query, k }) => {
    const { queries, database } = querySplit(n, seed, SHARES.queries)
    expect(plain(queries)).toEqual(query)
    expect(queries.length).toBe(k)
    expect(queries.length + database.length).toBe(n)
  })

  it("are ascending parts of the whole", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(), fc.double({ min: 0, max: 0.6, noNaN: true }), (n, seed, share) => {
        const { train, val, test } = prepareStd(n, seed, share, 0.3)
        for (const part of [train, val, test]) expect(plain(part)).toEqual(plain(part).sort((a, b) => a - b))
        expect([...train, ...val, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
      })
    )
  })
})
