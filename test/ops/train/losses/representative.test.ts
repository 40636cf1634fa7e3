import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { directions, similarities } from "../../../../src/ops/train/losses/cosine.ts"
import { tripletsOf } from "../../../../src/ops/train/losses/miners.ts"
import { related, relevanceOf } from "../../../../src/ops/train/losses/relations.ts"
import { candidates, complete } from "../../../../src/ops/train/losses/selection.ts"
import { distanceBetween, unitDistances } from "../../../../src/ops/train/losses/unit-distances.ts"
import { inputs } from "./inputs.ts"

const mined = (
  { labels, rows, values }: { labels: Uint8Array; rows: number; values: Float32Array },
  choose = (_: number) => 0
) => {
  const given = directions({ values, rows })
  const distances = unitDistances(similarities(given))
  const relevance = () => relevanceOf(labels, rows, "graded_jaccard")
  const pairs = complete(candidates(related(labels, rows, "jaccard"), "nowhere"))
  const between = distanceBetween(given)
  return {
    pairs,
    triplets: tripletsOf("representative", pairs, { distances, rows, dim: given.dim, choose, relevance, between })
  }
}

/** Unit vectors on a circle, at some angles in degrees. */
const circle = (angles: ReadonlyArray<number>) =>
  Float32Array.from(angles.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]))

describe("representative triplets", () => {
  it("are triplets of the relation, for a quarter of the anchors with at most nine each", () => {
    fc.assert(
      fc.property(inputs(12), fc.nat(), (input, draw) => {
        const { pairs, triplets } = mined(input, (n) => draw % n)
        const of = new Map(pairs.map((one) => [one.anchor, one]))
        for (const { anchor, negative, positive } of triplets) {
          expect(of.get(anchor)?.positives).toContain(positive)
          expect(of.get(anchor)?.negatives).toContain(negative)
        }
        const anchors = new Set(triplets.map(({ anchor }) => anchor))
        expect(anchors.size).toBe(Math.ceil(pairs.length / 4))
        expect(triplets.length).toBeLessThanOrEqual(9 * anchors.size)
        expect(new Set(triplets.map((one) => JSON.stringify(one))).size).toBe(triplets.length)
      })
    )
  })

  it("begin with a drawn anchor and go on with the farthest", () => {
    // Eight images of one class around a circle, one of another class: two of the eight anchors are taken.
    const angles = [0, 10, 20, 30, 170, 180, 200, 210, 90]
    const labels = Uint8Array.from(angles.flatMap((_, i) => (i < 8 ? [1, 0] : [0, 1])))
    const anchorsOf = (first: number) => [
      ...new Set(mined({ labels, rows: 9, values: circle(angles) }, () => first).triplets.map(({ anchor }) => anchor))
    ]
    expect(anchorsOf(0)).toEqual([0, 5])
    expect(anchorsOf(3)).toEqual([3, 7])
  })

  it("prefer positives with the same labels, that are far, and not all at one place", () => {
    // Images 1 to 5 are positives of 0; 1 shares half of its labels, the others all.
    const labels = Uint8Array.of(1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1)
    const values = circle([0, 60, 60, 61, -40, 5, 90])
    const { triplets } = mined({ labels, rows: 7, values }, () => 0)
    const positives = [...new Set(triplets.filter(({ anchor }) => anchor === 0).map(({ positive }) => positive))]
    // 3 is the farthest; 4 lies on the other side; then 2 is harder than 5; 1 shares half of the labels.
    expect(positives).toEqual([3, 4, 2])
  })
})
