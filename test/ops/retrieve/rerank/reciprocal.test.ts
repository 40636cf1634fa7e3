/** Half of k1 is rounded as the authors' Python rounds it. */
import { expect, it } from "vitest"
import { expandedSet, roundHalfEven } from "../../../../src/ops/retrieve/rerank/reciprocal.ts"

it("rounds halves to the even number", () => {
  expect([0.5, 1, 1.5, 2, 2.5, 3.5, 4.5, 10].map(roundHalfEven)).toEqual([0, 1, 2, 2, 2, 4, 4, 10])
})

/** Images on a line; the nearest of each are found by hand. */
const near = (places: ReadonlyArray<number>, k: number) => ({
  k,
  rows: Int32Array.from(
    places.flatMap((place) =>
      [...places.keys()].sort((a, b) => Math.abs(places[a] - place) - Math.abs(places[b] - place) || a - b).slice(0, k)
    )
  ),
  least: new Float64Array(places.length)
})

it("expands with the two nearest of each member for k1 = 5, not with three", () => {
  // With the three nearest of image 2, image 4 would belong to the set too.
  const line = near([0, 1, 2.1, 3.3, 4.6, 6, 7.5, 20, 40, 80], 6)
  expect([...expandedSet(line, 0, 5)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3])
})
