import { describe, expect, it } from "vitest"
import { labelSets } from "../../../../src/ops/measure/label-sets.ts"
import { labelOrder, orderByLabels } from "../../../../src/ops/retrieve/rerank/label-order.ts"

describe("the order by labels", () => {
  // From 362 classes on there are more similarities than 16 bits tell apart, and from some hundreds more than arguments.
  it.each([4, 400, 700])("goes down for %s classes, as their sets of labels say", (classes) => {
    const share = Math.floor(classes / 2)
    const rows = [classes, share, 1, 0].map((labels) =>
      Uint8Array.from({ length: classes }, (_, c) => (c < labels ? 1 : 0))
    )
    const sets = labelSets(Uint8Array.from(rows.flatMap((row) => [...row])), rows.length, classes)
    const [order, scores] = [new Int32Array(4), new Float32Array(4)]
    orderByLabels(labelOrder(classes), sets, sets.of[0], sets.of, order, scores)
    expect([...order]).toEqual([0, 1, 2, 3])
    const expected = [1, share / classes, 1 / classes, 0]
    scores.forEach((score, i) => {
      expect(score).toBeCloseTo(expected[i], 5)
    })
  })
})
