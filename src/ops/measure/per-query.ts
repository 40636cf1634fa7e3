/** Tables of the figures of every query, which `measure` writes with `per_query` and `compare` reads. */
import { few, repeated } from "../../pipeline/words.ts"
import { readCsv } from "../formats/csv.ts"
import { field } from "../formats/csv-rows.ts"
import { DataError } from "../formats/data-error.ts"
import type { Tally } from "./accumulate.ts"
import { MeasureError } from "./measure-error.ts"
import type { Prepared } from "./prepare.ts"
import { cellsOf } from "./query-figures.ts"
import { levels } from "./relevance.ts"
import { USES_LABELS } from "./report-value.ts"

/** The column with the rule by which images were relevant. */
const THRESHOLDS = "thresholds"

/** A table of figures by query. */
export interface PerQuery {
  readonly path: string
  readonly queries: ReadonlyArray<string>
  /** Values by query under the names of the table, such as `mAP hard` and `ACG@20`; NaN if a query does not count. */
  readonly columns: ReadonlyMap<string, Float64Array>
  /** Jaccard distances of easy, medium and hard, as written in the table. */
  readonly thresholds: string
  /** Whether the ranking was made with the labels of the database. */
  readonly usesDatabaseLabels: boolean
}

const REMEDY = "Use a table that `measure: { per_query: NAME }` wrote"

/**
 * Reads a table of figures by query.
 *
 * @param path the file, for messages
 * @throws MeasureError if the text is not such a table
 */
export const parsePerQuery = (path: string, text: string): PerQuery => {
  const refuse = (problem: string, cause?: unknown) =>
    new MeasureError({ subject: path, problem, remedy: REMEDY, cause })
  let records: ReadonlyArray<ReadonlyArray<string>>
  try {
    records = readCsv(text, path)
  } catch (cause) {
    throw cause instanceof DataError ? refuse(cause.problem, cause) : cause
  }
  const [header = [], ...rows] = records.map((record) => record.map((cell) => cell.trim()))
  const uneven = rows.findIndex(({ length }) => length !== header.length)
  if (uneven >= 0) {
    throw refuse(`is not a table (row ${uneven + 1} has ${rows[uneven].length} fields, not ${header.length})`)
  }
  if (header[0] !== "query" || header[1] !== "counted" || header.length < 3) {
    throw refuse("does not begin with `query,counted,...`")
  }
  if (rows.length === 0) throw refuse("has no query")
  const twice = repeated(rows.map(([query]) => query))
  if (twice.length > 0) throw refuse(`names ${few(twice)} twice; images with the same name cannot be distinguished`)
  const rules = header.indexOf(THRESHOLDS)
  const thresholds = rows[0][rules] ?? ""
  if (rules < 0 || rows.some((row) => row[rules] !== thresholds))
    throw refuse(`has no column \`${THRESHOLDS}\`, or several different values in it`)
  const numberIn = (row: ReadonlyArray<string>, column: number): number => {
    const value = row[column] === "" ? Number.NaN : Number(row[column])
    if (row[column] !== "" && !Number.isFinite(value)) {
      throw refuse(`has "${row[column]}" as ${header[column]} of ${row[0]}, which is not a number`)
    }
    return value
  }
  const columns = header
    .map((name, column) => ({ name, column }))
    .filter(({ column }) => column > 1 && column !== rules)
    .map(({ column, name }) => [name, Float64Array.from(rows, (row) => numberIn(row, column))] as const)
  const figures = new Map(columns)
  const usesDatabaseLabels = figures.delete(USES_LABELS)
  return { path, queries: rows.map(([query]) => query), columns: figures, thresholds, usesDatabaseLabels }
}

/**
 * Brings a table into the order of queries of another one.
 *
 * @throws MeasureError if the tables have different queries or thresholds
 */
export const inOrderOf = (first: PerQuery, other: PerQuery): PerQuery => {
  if (other.thresholds !== first.thresholds) {
    throw new MeasureError({
      subject: other.path,
      problem: `has other thresholds than ${first.path}: ${other.thresholds}, not ${first.thresholds}`,
      remedy: "Measure all evaluations with the same thresholds"
    })
  }
  const places = new Map(other.queries.map((query, i) => [query, i]))
  const missing = first.queries.filter((query) => !places.has(query))
  if (missing.length > 0 || places.size !== first.queries.length) {
    const what =
      missing.length > 0 ? `has no ${few(missing)}` : `has ${other.queries.length} queries, not ${first.queries.length}`
    throw new MeasureError({
      subject: other.path,
      problem: `has other queries than ${first.path}: it ${what}`,
      remedy: "Compare evaluations of the same images, with the same `queries` and `seed` of `rank`"
    })
  }
  const order = first.queries.map((query) => places.get(query) ?? 0)
  const columns = [...other.columns].map(
    ([name, values]) => [name, Float64Array.from(order, (at) => values[at])] as const
  )
  return { ...other, queries: first.queries, columns: new Map(columns) }
}

/**
 * Writes the figures of single queries as CSV: the query's name, whether it counts in the original's mAP and precision, one
 * column per figure (empty if the query does not count), and the thresholds of easy, medium and hard. A last column marks
 * rankings that were made with the labels of the database.
 */
export const perQueryCsv = (prepared: Prepared, { figures, rows }: Tally): string => {
  const cells = cellsOf(prepared)
  const { names, queries, usesDatabaseLabels } = prepared.gallery
  const marks = usesDatabaseLabels === true
  const thresholds = levels.map((level) => prepared.plan.thresholds[level]).join(" ")
  const header = cells.map(({ name, part }) => field(part === undefined ? name : `${name} ${part}`))
  const lines = rows.map((row, i) => {
    const values = figures[i].values.map((value) => value ?? "")
    return [field(names[queries[row]]), figures[i].counted ? 1 : 0, ...values, thresholds, ...(marks ? [1] : [])].join(
      ","
    )
  })
  return `${[["query", "counted", ...header, THRESHOLDS, ...(marks ? [USES_LABELS] : [])].join(","), ...lines].join("\n")}\n`
}
