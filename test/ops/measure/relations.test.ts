/** What makes an image relevant: names, their rules in words, and the pairs that they hold for. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { RelationName, relationOf } from "../../../src/ops/measure/relations.ts"
import { codebook } from "../../../src/ops/measure/relevance.ts"
import { check } from "../../../src/pipeline/check.ts"

const thresholds = { easy: 0.75, medium: 0.5, hard: 0.25 }
/** Every pair of sizes up to 12 labels, in the order of codes. */
const pairs = Array.from({ length: 13 }, (_, union) =>
  Array.from({ length: union + 1 }, (_, shared) => ({ shared, distance: union === 0 ? 0 : (union - shared) / union }))
).flat()

describe("a relation", () => {
  it.each<readonly [string, string, (pair: (typeof pairs)[number]) => boolean]>([
    ["easy", "its Jaccard distance is at most 0.75", ({ distance }) => distance <= 0.75],
    ["hard", "its Jaccard distance is at most 0.25", ({ distance }) => distance <= 0.25],
    ["jaccard 0.25", "its Jaccard distance is at most 0.25", ({ distance }) => distance <= 0.25],
    ["jaccard 0", "its Jaccard distance is at most 0", ({ distance }) => distance === 0],
    ["jaccard 1", "its Jaccard distance is at most 1", () => true],
    ["shared 1", "it shares a label", ({ shared }) => shared >= 1],
    ["any", "it shares a label", ({ shared }) => shared >= 1],
    ["shared 3", "it shares at least 3 labels", ({ shared }) => shared >= 3],
    ["shared 10", "it shares at least 10 labels", ({ shared }) => shared >= 10],
    ["exact", "its labels are the query's", ({ distance }) => distance === 0]
  ])("%s is known, says what it is, and holds for those pairs", (name, rule, holds) => {
    expect(Result.getOrThrow(check(RelationName, name))).toBe(name)
    const found = relationOf(name, thresholds, codebook(12))
    expect([found.name, found.rule]).toEqual([name, rule])
    expect([...found.relevant]).toEqual(pairs.map((pair) => Number(holds(pair))))
  })

  it.each(["a jaccard 0.5", "jaccard 0.5 or so", "jaccard .5", "shared", "shared 2 labels", "Any", "jaccard 1.01"])(
    "%j is none",
    (name) => {
      const faults = Result.getOrThrow(Result.flip(check(RelationName, name)))
      expect(faults.length).toBe(1)
    }
  )
})
