/** Tables of figures by query, as `measure` writes them with `per_query`. */
import { parse } from "csv-parse/sync"
import { few, messageOf, repeated } from "../../pipeline/words.ts"
import { MeasureError } from "./measure-error.ts"
import { THRESHOLDS, USES_LABELS } from "./report-csv.ts"

export interface PerQuery {
  readonly path: string
  readonly queries: ReadonlyArray<string>
  /** Names as they are written, such as `mAP hard` and `ACG@20`, each with its values by query; NaN where there is none. */
  readonly columns: ReadonlyMap<string, Float64Array>
  /** Jaccard distances of easy, medium and hard, as they are written. */
  readonly thresholds: string
  /** Whether the ranking was made with the labels of the database. */
  readonly usesDatabaseLabels: boolean
}

const REMEDY = "Give what `measure: { per_query: NAME }` writes"

/**
 * @throws MeasureError where the text is no such table
 */
export const parsePerQuery = (path: string, text: string): PerQuery => {
  const refuse = (problem: string, cause?: unknown) =>
    new MeasureError({ subject: path, problem, remedy: REMEDY, cause })
  let records: ReadonlyArray<ReadonlyArray<string>>
  try {
    records = parse(text, { bom: true, skipEmptyLines: true })
  } catch (cause) {
    throw refuse(`is not a table (${messageOf(cause)})`, cause)
  }
  const [header = [], ...rows] = records.map((record) => record.map((cell) => cell.trim()))
  if (header[0] !== "query" || header[1] !== "counted" || header.length < 3) {
    throw refuse("does not begin with `query,counted,...`")
  }
  if (rows.length === 0) throw refuse("has no query")
  const twice = repeated(rows.map(([query]) => query))
  if (twice.length > 0) throw refuse(`names ${few(twice)} twice: images of one name cannot be told apart`)
  const rules = header.indexOf(THRESHOLDS)
  const thresholds = rows[0][rules] ?? ""
  if (rules < 0 || rows.some((row) => row[rules] !== thresholds))
    throw refuse(`has no column \`${THRESHOLDS}\`, or several rules in it`)
  const numberIn = (row: ReadonlyArray<string>, column: number): number => {
    const value = row[column] === "" ? Number.NaN : Number(row[column])
    if (row[column] !== "" && !Number.isFinite(value)) {
      throw refuse(`has "${row[column]}" as ${header[column]} of ${row[0]}, which is no number`)
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
 * A table in another's order of queries.
 *
 * @throws MeasureError where they are not of the same queries, or were measured by another rule
 */
export const inOrderOf = (first: PerQuery, other: PerQuery): PerQuery => {
  if (other.thresholds !== first.thresholds) {
    throw new MeasureError({
      subject: other.path,
      problem: `was measured by other thresholds than ${first.path}: ${other.thresholds}, not ${first.thresholds}`,
      remedy: "Measure all by one rule"
    })
  }
  const places = new Map(other.queries.map((query, i) => [query, i]))
  const missing = first.queries.filter((query) => !places.has(query))
  if (missing.length > 0 || places.size !== first.queries.length) {
    const what =
      missing.length > 0 ? `has no ${few(missing)}` : `has ${other.queries.length} queries, not ${first.queries.length}`
    throw new MeasureError({
      subject: other.path,
      problem: `is of other queries than ${first.path}: it ${what}`,
      remedy: "Compare evaluations of the same images with the same share and seed of queries"
    })
  }
  const order = first.queries.map((query) => places.get(query) ?? 0)
  const columns = [...other.columns].map(
    ([name, values]) => [name, Float64Array.from(order, (at) => values[at])] as const
  )
  return { ...other, queries: first.queries, columns: new Map(columns) }
}
