import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { TrainStep } from "../elements.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { Run } from "../run.ts"
import { withFile } from "./train-error.ts"
import { definedFigures } from "./validate.ts"

const FIXED = ["epoch", "step", "learning_rate", "loss", "floor", "id_loss", "metric_loss"] as const

type Row = Readonly<Record<string, string>>

/** Parses complete lines; a run that was cut off may have left half of one. */
const parse = (text: string): { columns: ReadonlyArray<string>; rows: ReadonlyArray<Row> } => {
  const lines = text.split("\n").slice(0, -1)
  const columns = lines[0]?.split(",") ?? []
  const rows = lines.slice(1).map((line) => line.split(","))
  return {
    columns: columns.slice(FIXED.length),
    rows: rows
      .filter((cells) => cells.length === columns.length)
      .map((cells) => Object.fromEntries(cells.map((cell, i) => [columns[i], cell])))
  }
}

const rowOf = (step: TrainStep): Row => ({
  epoch: String(step.epoch + 1),
  step: String(step.step + 1),
  learning_rate: String(step.learningRate),
  loss: String(step.loss),
  floor: Number.isNaN(step.floor) ? "" : String(step.floor),
  id_loss: String(step.idLoss),
  metric_loss: String(step.metricLoss),
  ...Object.fromEntries(definedFigures(step).map(([name, figure]) => [name, String(figure)]))
})

const lineOf = (row: Row, columns: ReadonlyArray<string>): string =>
  `${[...FIXED, ...columns].map((column) => row[column] ?? "").join(",")}\n`

/** The growing file: lines are appended; a new figure adds a column, for which the file is rewritten. */
class Curve {
  readonly path: string
  columns: ReadonlyArray<string> = []
  rows: Array<Row> = []
  begun = false
  constructor(path: string) {
    this.path = path
  }
  /** Keeps the rows of an earlier run before the step that this run begins with. */
  begin(first: number): void {
    this.begun = true
    if (existsSync(this.path)) {
      const { columns, rows } = parse(readFileSync(this.path, "utf8"))
      this.rows = rows.filter((row) => Number(row.step) <= first)
      this.columns = columns.filter((column) => this.rows.some((row) => (row[column] ?? "") !== ""))
    }
    this.write()
  }
  write(): void {
    const header = `${[...FIXED, ...this.columns].join(",")}\n`
    writeFileAtomic(this.path, header + this.rows.map((row) => lineOf(row, this.columns)).join(""))
  }
  add(step: TrainStep): void {
    if (!this.begun) this.begin(step.step)
    const row = rowOf(step)
    this.rows.push(row)
    const fresh = definedFigures(step).flatMap(([name]) => (this.columns.includes(name) ? [] : [name]))
    if (fresh.length === 0) appendFileSync(this.path, lineOf(row, this.columns))
    else {
      this.columns = [...this.columns, ...fresh]
      this.write()
    }
  }
}

/** Writes the curve of training. A run that continues drops the rows of the steps that it repeats. */
export const curve = operator({
  name: "curve",
  about:
    "Writes curve.csv in the run folder: epoch, step, learning rate, total loss and its floor, id and metric loss, validation figures.",
  from: TrainStep,
  to: TrainStep,
  params: {},
  declares: { writes: () => ["curve.csv"] },
  run: () => (steps) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { folder, wrote } = yield* Run
        const file = new Curve(join(folder, "curve.csv"))
        yield* wrote(file.path)
        return Stream.mapEffect(steps, (step) =>
          withFile(file.path, () => {
            file.add(step)
            return step
          })
        )
      })
    )
})
