/** From the figures of queries to the figures of an evaluation. */
import type { Report, Results } from "../elements.ts"
import type { Tally } from "./accumulate.ts"
import { CONFIDENCE } from "./bootstrap.ts"
import { meanOfChunks } from "./chunks.ts"
import { columnsOf, mean } from "./columns.ts"
import { MeasureError } from "./measure-error.ts"
import { notesOf } from "./notes.ts"
import type { Prepared } from "./prepare.ts"
import { makeReport } from "./report-value.ts"
import type { Column } from "./standard.ts"
import { STANDARD } from "./standard.ts"

type Interval = readonly [low: number, high: number] | undefined
type Entry = readonly [column: Column, value: number | null]

/** Columns of one name together, in the order of their first appearance. */
const grouped = (entries: ReadonlyArray<Entry>): Results => {
  const results: Record<string, number | null | Record<string, number | null>> = {}
  for (const [{ name, part }, value] of entries) {
    if (part === undefined) {
      results[name] = value
      continue
    }
    const group = results[name]
    results[name] = { ...(typeof group === "object" ? group : {}), [part]: value }
  }
  return results
}

/** The mean over classes of their mean average precision, beside them. */
const classMean = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const name = STANDARD["class-map"]
  const first = entries.findIndex(([column]) => column.name === name)
  if (first < 0) return entries
  const value = mean(entries.filter(([column]) => column.name === name).map(([, one]) => one))
  return [...entries.slice(0, first), [{ name, part: "(mean)" }, value], ...entries.slice(first)]
}

const percent = `${CONFIDENCE * 100}%`

/**
 * Reduces figures to a report: plain means, mAP and precision over the queries with a relevant image at the strictest
 * level, ACG, nDCG and wAP over all; standard figures over the queries that each of them counts. With `chunk`, the original's
 * figures are means of chunk means.
 *
 * @param intervals of each column, where there are any; they stand behind the figures as `NAME 95% low` and `high`
 * @throws MeasureError where no query was measured, or fewer than a chunk takes
 */
export const toReport = (prepared: Prepared, { figures }: Tally, intervals?: ReadonlyArray<Interval>): Report => {
  if (figures.length === 0) {
    throw new MeasureError({ subject: "report", problem: "no query was measured", remedy: "Rank at least one query" })
  }
  const columns = columnsOf(prepared)
  const { chunk } = prepared.plan
  const means = columns.map((column): Entry => {
    const values = figures.map(column.of)
    return [column, column.original && chunk !== undefined ? meanOfChunks(values, chunk) : mean(values)]
  })
  const ends = ["low", "high"].flatMap((end, side) =>
    (intervals ?? []).map((interval, i): Entry => {
      const { name, part } = columns[i]
      return [{ name: `${name} ${percent} ${end}`, part }, interval?.[side] ?? null]
    })
  )
  return makeReport({
    queries: figures.length,
    counted: figures.filter((one) => one.counted).length,
    database: prepared.gallery.database.length,
    results: grouped([...classMean(means), ...ends]),
    notes: notesOf(prepared, figures),
    usesDatabaseLabels: prepared.gallery.usesDatabaseLabels
  })
}
