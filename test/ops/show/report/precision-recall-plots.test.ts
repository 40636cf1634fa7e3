import { describe, expect, it } from "vitest"
import type { NamedReport } from "../../../../src/ops/show/comparison.ts"
import { precisionRecallPlots } from "../../../../src/ops/show/report/precision-recall-plots.ts"

const named = (name: string, results: NamedReport["report"]["results"]): NamedReport => ({
  name,
  report: { queries: 4, counted: 3, database: 16, results, notes: ["The rule."] }
})

describe("precision-recall plots", () => {
  it("have one plot per relation and one curve per report, without undefined points and ends of intervals", () => {
    const before = named("before", { "precision at recall (any)": { "0": 1, "0.5": 0.5, "1": null } })
    const after = named("after", {
      mAP: 1,
      "precision at recall (any)": { "0": 1, "0.5": 0.75 },
      "precision at recall (any) 95% low": { "0": 0.9 },
      "precision at recall (exact)": { "1": 0.25 }
    })
    const plots = precisionRecallPlots([before, after])
    expect(plots.map(({ title }) => title)).toEqual(["Precision and recall (any)", "Precision and recall (exact)"])
    const curves = plots.map(({ series }) => series.map(({ name, points }) => [name, points]))
    expect(curves).toEqual([
      [
        [
          "before",
          [
            [0, 1],
            [0.5, 0.5]
          ]
        ],
        [
          "after",
          [
            [0, 1],
            [0.5, 0.75]
          ]
        ]
      ],
      [["after", [[1, 0.25]]]]
    ])
    expect(precisionRecallPlots([named("plain", { mAP: 1 })])).toEqual([])
  })
})
