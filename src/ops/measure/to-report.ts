/** Reduces the figures of queries to the figures of an evaluation. */
import type { Report, Results } from "../elements.ts"
import type { Tally } from "./accumulate.ts"
import { CONFIDENCE } from "./bootstrap.ts"
import { mean, meanOfChunks } from "./means.ts"
import { MeasureError } from "./measure-error.ts"
import { notesOf } from "./notes.ts"
import type { Prepared } from "./prepare.ts"
import { type Cell, type Column, cellsOf } from "./query-figures.ts"
import { makeReport } from "./report-value.ts"

type Interval = readonly [low: number, high: number] | undefined
type Entry = readonly [column: Column, value: number | null]

/** Results with the parts of each name together, in the order of their first appearance. */
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

/** The mean over classes of each metric of classes, before the figures of the classes. */
const withClassMeans = (cells: ReadonlyArray<Cell>, means: ReadonlyArray<Entry>): ReadonlyArray<Entry> =>
  cells.flatMap(({ metric, name }, i) => {
    if (metric.kind !== "class" || cells.findIndex((one) => one.name === name) < i) return [means[i]]
    const value = mean(means.filter(([column]) => column.name === name).map(([, one]) => one))
    return [[{ name, part: "(mean)" }, value], means[i]]
  })

const percent = `${CONFIDENCE * 100}%`

/** Name of one end of a figure's interval. */
const nameOfEnd = (name: string, end: "low" | "high"): string => `${name} ${percent} ${end}`

/**
 * The figure and the end of an interval that a name in results stands for; undefined for other names.
 *
 * @example
 * endOfInterval("mAP 95% low") // => { name: "mAP", end: "low" }
 * endOfInterval("mAP") // => undefined
 */
export const endOfInterval = (name: string): { readonly name: string; readonly end: "low" | "high" } | undefined => {
  for (const end of ["low", "high"] as const) {
    const tail = nameOfEnd("", end)
    if (name.endsWith(tail)) return { name: name.slice(0, -tail.length), end }
  }
  return undefined
}

/**
 * As `endOfInterval`, for flat names such as `mAP 95% low.hard`.
 *
 * @example
 * endOfFlatInterval("mAP 95% low.hard") // => { name: "mAP.hard", end: "low" }
 */
export const endOfFlatInterval = (name: string): ReturnType<typeof endOfInterval> => {
  for (const end of ["low", "high"] as const) {
    const [before, after, ...more] = name.split(nameOfEnd("", end))
    if (after !== undefined && more.length === 0 && /^(\.|$)/.test(after)) return { name: `${before}${after}`, end }
  }
  return undefined
}

/**
 * Reduces figures to a report. All figures are plain means: mAP and precision over the queries that have a relevant image at the
 * level with the smallest threshold; ACG, nDCG and wAP over all queries; standard figures over the queries that count in each. With
 * `chunk`, the original's figures are means of the means of chunks.
 *
 * @param intervals of each cell, if there are any; they follow the figures under the names of `endOfInterval`
 * @throws MeasureError if no query was measured, or fewer than one chunk needs
 */
export const toReport = (prepared: Prepared, { figures }: Tally, intervals?: ReadonlyArray<Interval>): Report => {
  if (figures.length === 0) {
    throw new MeasureError({ subject: "report", problem: "no query was measured", remedy: "Rank at least one query" })
  }
  const cells = cellsOf(prepared)
  const { chunk } = prepared.plan
  const means = cells.map((cell, i): Entry => {
    const values = figures.map((one) => one.values[i])
    return [cell, cell.metric.group === "original" && chunk !== undefined ? meanOfChunks(values, chunk) : mean(values)]
  })
  const ends = (["low", "high"] as const).flatMap((end, side) =>
    (intervals ?? []).map((interval, i): Entry => {
      const { name, part } = cells[i]
      return [{ name: nameOfEnd(name, end), part }, interval?.[side] ?? null]
    })
  )
  return makeReport({
    queries: figures.length,
    counted: figures.filter((one) => one.counted).length,
    database: prepared.gallery.database.length,
    results: grouped([...withClassMeans(cells, means), ...ends]),
    notes: notesOf(prepared, figures),
    usesDatabaseLabels: prepared.gallery.usesDatabaseLabels
  })
}
