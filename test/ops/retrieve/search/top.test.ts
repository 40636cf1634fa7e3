import fc from "fast-check"
import { expect, it } from "vitest"
import { topOf } from "../../../../src/ops/retrieve/search/top.ts"
import { runs } from "../../../runs.ts"

/** Sorts all of them: what a reader would write who has no time to save. */
const naive = (scores: ReadonlyArray<number>, k: number): ReadonlyArray<number> =>
  scores
    .map((score, i) => ({ score, i }))
    .sort((a, b) => b.score - a.score || a.i - b.i)
    .slice(0, k)
    .map(({ i }) => i)

const agrees = (scores: ReadonlyArray<number>, k: number): void => {
  expect([...topOf(Float32Array.from(scores), k)]).toEqual(naive(scores, k))
}

it("is the beginning of the full order, equal scores by position", () => {
  const few = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 60 })
  const many = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 20, maxLength: 200 })
  fc.assert(
    fc.property(fc.oneof(few, many), fc.nat({ max: 70 }), (scores, k) => agrees(scores, k)),
    runs(300)
  )
})

it.each([
  ["rising", (i: number) => i],
  ["falling", (i: number) => -i],
  ["equal", () => 1],
  ["in teeth", (i: number) => (i * 7) % 11]
] as const)("takes every k of scores that are %s", (_, score) => {
  const scores = Array.from({ length: 40 }, (_, i) => score(i))
  for (let k = 0; k <= 41; k++) agrees(scores, k)
})
