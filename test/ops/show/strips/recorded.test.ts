/** What a strip shows of a query, against what the original's visualisation was given. */
import { describe, expect, it } from "vitest"
import type { Ranking } from "../../../../src/ops/elements.ts"
import { stripContent } from "../../../../src/ops/show/strips/strip.ts"
import type { ReferenceArray } from "../../../reference.ts"
import { type Case, cases, galleryOf } from "../../retrieve/cases.ts"

type Visualised = Case & {
  readonly visualization: Readonly<Record<"indices_topk_by_query" | "similarity_topk_by_query", ReferenceArray>>
}
const visualised = cases.flatMap(({ name, one }) =>
  "visualization" in one ? [[name, one as unknown as Visualised] as const] : []
)

describe("strips of recorded queries", () => {
  it("are recorded", () => expect(visualised.length).toBeGreaterThan(0))

  it.each(visualised)("have the recorded images and label similarities: %s", (_, one) => {
    const { indices_topk_by_query: indices, similarity_topk_by_query: similarities } = one.visualization
    const gallery = galleryOf(one)
    const [top, queries] = indices.shape
    expect(queries).toBe(gallery.queries.length)
    const order = Int32Array.from(one.expect.ranks.data)
    const ranking: Ranking = {
      ...{ kind: "ranking", gallery, from: 0, to: queries },
      ...{ order, scores: new Float32Array(order.length) }
    }
    for (let row = 0; row < queries; row++) {
      stripContent(ranking, row, top).results.forEach(({ name, similarity }, rank) => {
        const at = rank * queries + row
        expect(name).toBe(gallery.names[gallery.database[indices.data[at]]])
        expect(Math.abs((similarity as number) - similarities.data[at])).toBeLessThanOrEqual(1e-6)
      })
    }
  })
})
