import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { tally } from "../../../src/ops/measure/accumulate.ts"
import { mean } from "../../../src/ops/measure/means.ts"
import { type Plan, prepare } from "../../../src/ops/measure/prepare.ts"
import { cellsOf } from "../../../src/ops/measure/query-figures.ts"
import { defaultThresholds } from "../../../src/ops/measure/relevance.ts"
import { toReport } from "../../../src/ops/measure/to-report.ts"
import { runs } from "../../runs.ts"
import { rankings } from "./galleries.ts"

const plan: Plan = {
  at: [5],
  precisionAt: 5,
  thresholds: defaultThresholds,
  by: ["class", "labels"],
  standard: { metrics: ["map", "map@k"], relations: ["any", "exact"] }
}

describe("breakdowns", () => {
  it("are the means of the same figures over the queries of each class, and with each number of labels", () => {
    fc.assert(
      fc.property(rankings, (ranking) => {
        const { gallery } = ranking
        const prepared = prepare(gallery, plan)
        const all = tally(prepared, ranking)
        const { results } = toReport(prepared, all)
        const width = gallery.classes.length
        const labels = Array.from(gallery.queries, (image) => [
          ...gallery.labels.subarray(image * width, (image + 1) * width)
        ])
        for (const [name, part] of [
          ["mAP", "hard"],
          ["plain mAP", "any"],
          ["plain mAP", "exact"]
        ]) {
          const at = cellsOf(prepared).findIndex((cell) => cell.name === name && cell.part === part)
          const over = (holds: (own: ReadonlyArray<number>) => boolean) =>
            mean(all.figures.map(({ values }, row) => (holds(labels[row]) ? values[at] : null)))
          const byClass = gallery.classes.map((one, c) => [one, over((own) => own[c] === 1)])
          expect(results[`${name} ${part} by class`]).toEqual(Object.fromEntries(byClass))
          const sizes = [...new Set(labels.map((own) => own.filter(Boolean).length))]
          const bySize = sizes.map((size) => [`${size}`, over((own) => own.filter(Boolean).length === size)])
          expect(results[`${name} ${part} by labels`]).toEqual(Object.fromEntries(bySize))
        }
        expect(Object.keys(results).filter((name) => name.includes(" by "))).toHaveLength(6)
      }),
      runs(40)
    )
  })

  it("change no other figure", () => {
    fc.assert(
      fc.property(rankings, (ranking) => {
        const { by: _, ...plain } = plan
        const reported = (one: Plan) => {
          const prepared = prepare(ranking.gallery, one)
          return Object.entries(toReport(prepared, tally(prepared, ranking)).results)
        }
        expect(reported(plan).filter(([name]) => !name.includes(" by "))).toEqual(reported(plain))
      }),
      runs(20)
    )
  })
})
