import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { flaw, Similarity, similarityOf } from "../../../src/ops/retrieve/similarity.ts"
import { check } from "../../../src/pipeline/check.ts"

describe("the similarity of a configuration", () => {
  it.each(["cosine", "dot", "l2"])("may be %s", (name) => {
    expect(Result.getOrThrow(check(Similarity, name))).toBe(name)
  })

  it.each([
    ["L2", 'unknown value "L2"; did you mean `l2`?'],
    ["euclidean", 'unknown value "euclidean"; there is `cosine`, `dot`, `l2`']
  ])("is not %s, and those that there are are named", (name, problem) => {
    expect(Result.getOrThrow(Result.flip(check(Similarity, name)))).toEqual([{ path: [], key: false, problem }])
  })
})

describe("what cannot be compared", () => {
  const directionless = "is zero or not finite, so it has no direction"
  it.each([
    ["cosine", 0, directionless],
    ["cosine", Number.NaN, directionless],
    ["cosine", Number.POSITIVE_INFINITY, directionless],
    ["cosine", Number.MIN_VALUE, undefined],
    ["dot", 0, undefined],
    ["dot", Number.NaN, "is not finite"],
    ["l2", 0, undefined],
    ["l2", Number.POSITIVE_INFINITY, "is not finite"]
  ] as const)("by %s, where the squares sum to %d: %s", (by, squared, why) => {
    expect(flaw(by, squared)).toBe(why)
  })
})

describe("the similarity of two vectors", () => {
  it("is their product, but for l2", () => {
    expect(similarityOf("cosine", 0.25, 1, 1)).toBe(0.25)
    expect(similarityOf("dot", -7, 9, 100)).toBe(-7)
  })

  it("is minus their distance for l2", () => {
    // (3, 0) and (0, 4); then (1, 2) and (3, 2), which are not at right angles.
    expect(similarityOf("l2", 0, 9, 16)).toBe(-5)
    expect(similarityOf("l2", 7, 5, 13)).toBe(-2)
  })

  it("is zero for l2 where vectors are equal, also where rounding makes their squared distance negative", () => {
    // Not -0: a caller that sorts or prints takes either.
    expect(similarityOf("l2", 25, 25, 25) + 0).toBe(0)
    const value = Math.fround(0.1)
    const rounded = Math.fround(value * value)
    expect(2 * value * value - 2 * rounded).toBeLessThan(0)
    expect(similarityOf("l2", rounded, value * value, value * value) + 0).toBe(0)
  })

  it("is not finite for l2 where the product is not: what ranks refuses it", () => {
    for (const product of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(similarityOf("l2", product, 1, 1)).toBeNaN()
    }
    expect(similarityOf("l2", Number.NaN, 1, 1)).toBeNaN()
  })
})
