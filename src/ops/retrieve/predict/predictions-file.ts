/** Predictions on disk, as a table and as JSON. */
import type { Predictions } from "../../elements.ts"
import { csvRow } from "../../formats/csv-rows.ts"
import { GrowingFile } from "../../formats/files.ts"

/** Digits of a probability: as many as float32 has. */
const rounded = (value: number): number => Number(value.toPrecision(7))

const jsonOf = ({ classes, names, probabilities, threshold }: Predictions, i: number): string => {
  const row = classes.map((name, c) => [name, rounded(probabilities[i * classes.length + c])] as const)
  const labels = row
    .filter((_, c) => probabilities[i * classes.length + c] >= threshold)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name]) => name)
  return JSON.stringify({ name: names[i], labels, probabilities: Object.fromEntries(row) })
}

const csvOf = ({ classes, names, probabilities }: Predictions, i: number): string =>
  csvRow([names[i], ...Array.from(probabilities.subarray(i * classes.length, (i + 1) * classes.length), rounded)])

/**
 * Writes predictions batch by batch: `PATH.csv`, header `name,CLASS,...` and one probability per class; and `PATH.json`, a
 * list of `{ name, labels, probabilities }`, where `labels` are those of at least the threshold, most probable first. Both
 * appear with `finish`. Every method may throw errors of the file system.
 */
export class PredictionsFile {
  private readonly table: GrowingFile
  private readonly json: GrowingFile
  private rows = 0

  /** @param path without extension */
  constructor(path: string) {
    this.table = new GrowingFile(`${path}.csv`)
    this.json = new GrowingFile(`${path}.json`)
  }

  get paths(): ReadonlyArray<string> {
    return [this.table.path, this.json.path]
  }

  append(batch: Predictions): void {
    const rows = batch.names.map((_, i) => i)
    const header = this.rows === 0 ? csvRow(["name", ...batch.classes]) : ""
    this.table.append(Buffer.from(header + rows.map((i) => csvOf(batch, i)).join(""), "utf8"))
    const items = rows.map((i) => `${this.rows + i === 0 ? "[\n" : ",\n"}${jsonOf(batch, i)}`)
    this.json.append(Buffer.from(items.join(""), "utf8"))
    this.rows += batch.size
  }

  finish(): void {
    if (this.rows === 0) this.table.append(Buffer.from("name\n", "utf8"))
    this.json.append(Buffer.from(this.rows === 0 ? "[]\n" : "\n]\n", "utf8"))
    for (const file of [this.table, this.json]) file.complete()
    for (const file of [this.table, this.json]) file.rename()
  }

  /** Removes unfinished files; does nothing after `finish`. */
  abandon(): void {
    this.table.abandon()
    this.json.abandon()
  }
}
