/** Plots of a training run. */
import { readCsv } from "../../formats/csv.ts"
import type { Plot, Series } from "./plot.ts"

/**
 * Reads a CSV file of plain numbers with a header, as `curve` writes it.
 *
 * @returns one record per row, without fields that are empty or not numbers
 *
 * @example
 * numberRows("step,loss\n1,0.5\n2,") // => [{ step: 1, loss: 0.5 }, { step: 2 }]
 */
export const numberRows = (text: string): ReadonlyArray<Readonly<Record<string, number>>> => {
  const [names = [], ...rows] = readCsv(text, "curve.csv")
  return rows.map((fields) => {
    return Object.fromEntries(
      names.flatMap((name, i) => {
        const field = fields[i]?.trim() ?? ""
        const value = Number(field)
        return field === "" || !Number.isFinite(value) ? [] : [[name, value]]
      })
    )
  })
}

type Rows = ReturnType<typeof numberRows>
type Point = readonly [x: number, y: number]

/** Maximum number of points: more steps are averaged in groups, because a screen has no more columns. */
const MOST_POINTS = 400

const mean = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0) / values.length

const thin = (points: ReadonlyArray<Point>): ReadonlyArray<Point> => {
  const group = Math.ceil(points.length / MOST_POINTS)
  if (group <= 1) return points
  return Array.from({ length: Math.ceil(points.length / group) }, (_, i): Point => {
    const some = points.slice(i * group, (i + 1) * group)
    return [mean(some.map(([x]) => x)), mean(some.map(([, y]) => y))]
  })
}

const column = (rows: Rows, name: string): ReadonlyArray<Point> =>
  rows.flatMap((row): ReadonlyArray<Point> => (name in row && "step" in row ? [[row.step, row[name]]] : []))

/** Mean of a column for each epoch, at the epoch's last step. */
const byEpoch = (rows: Rows, name: string): ReadonlyArray<Point> => {
  const epochs = new Map<number, Array<Rows[number]>>()
  for (const row of rows) {
    if (!(name in row && "epoch" in row && "step" in row)) continue
    const before = epochs.get(row.epoch)
    if (before === undefined) epochs.set(row.epoch, [row])
    else before.push(row)
  }
  return [...epochs.values()].map((some): Point => [some[some.length - 1].step, mean(some.map((row) => row[name]))])
}

const lossPlot = (rows: Rows): ReadonlyArray<Plot> => {
  const loss = column(rows, "loss")
  if (loss.length === 0) return []
  const floors = column(rows, "floor")
  const floor = mean(floors.map(([, y]) => y))
  const series: ReadonlyArray<Series> = [
    { name: "each step", points: thin(loss), colour: 1, look: "faint" },
    { name: "mean of an epoch", points: byEpoch(rows, "loss"), colour: 1, look: "dots" },
    {
      name: `floor of the loss (${floor.toFixed(3)})`,
      points: floors.length === 0 ? [] : [loss[0], loss[loss.length - 1]].map(([x]): Point => [x, floor]),
      colour: 2,
      look: "dashed"
    }
  ]
  return [{ title: "Loss in training, by step", x: "training step", y: "loss", wholeX: true, series }]
}

const validationPlot = (rows: Rows): ReadonlyArray<Plot> => {
  const measured = rows.filter((row) => "epoch" in row)
  const names = new Set(measured.flatMap((row) => Object.keys(row).filter((name) => name.startsWith("mAP."))))
  if (names.size === 0) return []
  const series = [...names].map((name, i): Series => {
    const points = measured.flatMap((row): ReadonlyArray<Point> => (name in row ? [[row.epoch, row[name]]] : []))
    return { name: name.slice("mAP.".length), points, colour: i + 1, look: "dots" }
  })
  return [{ title: "mAP on validation, by epoch", x: "epochs", y: "mAP", wholeX: true, series }]
}

/** Plots of a `curve.csv` with the columns epoch and step (from 1), loss, floor, and figures such as `mAP.hard` per epoch. */
export const curvePlots = (text: string): ReadonlyArray<Plot> => {
  const rows = numberRows(text)
  return [...lossPlot(rows), ...validationPlot(rows)]
}
