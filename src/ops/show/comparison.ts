/** Several evaluations side by side, ready for a table. */
import type { Report } from "../elements.ts"
import { endOfInterval } from "../measure/to-report.ts"

/** A report under the name that its figures have in the run record. */
export interface NamedReport {
  readonly name: string
  readonly report: Omit<Report, "kind">
}

/** The mark behind the names of reports that were ranked with the labels of the database. */
export const MARK = "†"
export const MARKED = `${MARK} ranked with the labels of the database: these figures do not measure the embeddings alone, and none is marked as best.`

/** A report's name as tables show it. */
export const markedName = ({ name, report }: NamedReport): string =>
  report.usesDatabaseLabels === true ? `${name} ${MARK}` : name

/** The note for tables with such reports; an empty list for others. */
export const markNote = (reports: ReadonlyArray<NamedReport>): ReadonlyArray<string> =>
  reports.some(({ report }) => report.usesDatabaseLabels === true) ? [MARKED] : []

/** One row of a table: a figure of all reports. */
export interface Row {
  /** Family of measures, for example mAP or nDCG. */
  readonly measure: string
  /** Level or depth, for example hard or @20; empty if the measure has neither. */
  readonly part: string
  /** One value per report; null if it is undefined or was not measured. */
  readonly values: ReadonlyArray<number | null>
  /** The 95 % interval of each value; null if the report has none. */
  readonly intervals: ReadonlyArray<readonly [low: number, high: number] | null>
  /**
   * Index of the highest value; undefined if there is no other value, or if several are highest. Reports that were ranked
   * with the labels of the database are not considered.
   */
  readonly best: number | undefined
}

type Flat = Map<string, Pick<Row, "measure" | "part"> & { value: number | null }>

/** Figures by their full name: `mAP` with part `hard`, `nDCG@20`. */
const flat = (results: ReadonlyArray<readonly [string, Report["results"][string]]>): Flat =>
  new Map(
    results.flatMap(([name, value]) => {
      if (typeof value === "object" && value !== null) {
        return Object.entries(value).map(([part, inner]) => [`${name}.${part}`, { measure: name, part, value: inner }])
      }
      const at = name.indexOf("@")
      const [measure, part] = at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at)]
      return [[name, { measure, part, value }]]
    })
  )

const bestOf = (values: ReadonlyArray<number | null>): number | undefined => {
  const known = values.filter((value) => value !== null)
  if (known.length < 2) return undefined
  const highest = known.reduce((a, b) => Math.max(a, b))
  return known.filter((value) => value === highest).length === 1 ? values.indexOf(highest) : undefined
}

/** The values that may be the best; the others become null. */
const contending = (reports: ReadonlyArray<NamedReport>, values: Row["values"]): Row["values"] =>
  values.map((value, i) => (reports[i].report.usesDatabaseLabels === true ? null : value))

/** Figures of a report, and the ends of their intervals under the same names. */
const columnOf = ({ results }: NamedReport["report"]) => {
  const all = Object.entries(results)
  const ends = (end: "low" | "high"): Flat =>
    flat(
      all.flatMap(([name, value]) => {
        const found = endOfInterval(name)
        return found?.end === end ? [[found.name, value] as const] : []
      })
    )
  const [low, high] = [ends("low"), ends("high")]
  const interval = (key: string): Row["intervals"][number] => {
    const [from, to] = [low.get(key)?.value ?? null, high.get(key)?.value ?? null]
    return from === null || to === null ? null : [from, to]
  }
  return { figures: flat(all.filter(([name]) => endOfInterval(name) === undefined)), interval }
}

/**
 * The rows of all figures of all reports, in the order of their first appearance. Ends of intervals are no rows of their own,
 * but belong to the row of their figure.
 */
export const compare = (reports: ReadonlyArray<NamedReport>): ReadonlyArray<Row> => {
  const columns = reports.map(({ report }) => columnOf(report))
  const keys = new Map(columns.flatMap(({ figures }) => [...figures]))
  return [...keys].map(([key, { measure, part }]) => {
    const values = columns.map(({ figures }) => figures.get(key)?.value ?? null)
    const intervals = columns.map(({ interval }) => interval(key))
    return { measure, part, values, intervals, best: bestOf(contending(reports, values)) }
  })
}
