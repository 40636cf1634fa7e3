/** Precision-recall curves of reports as plots. */
import { precisionRecall } from "../../measure/metrics/precision-recall.ts"
import type { NamedReport } from "../comparison.ts"
import type { Plot, Series } from "./plot.ts"

/** Colours of the style sheet. */
const COLOURS = 3

const prefix = `${precisionRecall.label} (`

/** One curve of one report; a point that is not defined is left out. */
const curve = ({ name, report }: NamedReport, figure: string, i: number): ReadonlyArray<Series> => {
  const values = report.results[figure]
  if (typeof values !== "object" || values === null) return []
  const points = precisionRecall.points.flatMap((recall) => {
    const precision = values[`${recall}`] ?? null
    return precision === null ? [] : [[recall, precision] as const]
  })
  return [{ name, points, colour: (i % COLOURS) + 1, look: i < COLOURS ? "dots" : "dashed" }]
}

/** One plot per relation, with a curve for each report that measured it. */
export const precisionRecallPlots = (reports: ReadonlyArray<NamedReport>): ReadonlyArray<Plot> => {
  const figures = new Set(
    reports.flatMap(({ report }) => Object.keys(report.results).filter((name) => name.startsWith(prefix)))
  )
  return [...figures]
    .filter((name) => name.endsWith(")"))
    .map((figure) => ({
      title: `Precision and recall ${figure.slice(prefix.length - 1)}`,
      x: "recall",
      y: "interpolated precision",
      series: reports.flatMap((one, i) => curve(one, figure, i))
    }))
}
