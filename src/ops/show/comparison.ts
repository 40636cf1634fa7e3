/** Several evaluations side by side, ready for a table. */
import type { Report } from "../elements.ts"

/** A report under the name that its figures have in the run record. */
export interface NamedReport {
  readonly name: string
  readonly report: Omit<Report, "kind">
}

/** Stands behind the name of what was ranked with the labels of the database. */
export const MARK = "†"
export const MARKED = `${MARK} ranked with the labels of the database: no figures of the embeddings alone, and none is marked as best.`

/** A report's name as tables show it. */
export const markedName = ({ name, report }: NamedReport): string =>
  report.usesDatabaseLabels === true ? `${name} ${MARK}` : name

/** The sentence below a table that has such reports. */
export const markNote = (reports: ReadonlyArray<NamedReport>): ReadonlyArray<string> =>
  reports.some(({ report }) => report.usesDatabaseLabels === true) ? [MARKED] : []

export interface Row {
  /** Family of measures, for example mAP or nDCG. */
  readonly measure: string
  /** Level or depth, for example hard or @20; empty where the measure has neither. */
  readonly part: string
  /** One value per report; null where it is undefined or was not measured. */
  readonly values: ReadonlyArray<number | null>
  /**
   * Index of the highest value, where there are others and it is the only one. Reports that were ranked with the labels of
   * the database do not contend.
   */
  readonly best: number | undefined
}

/** Figures by their full name: `mAP` with part `hard`, `nDCG@20`. */
const flat = ({
  results
}: Omit<Report, "kind">): Map<string, Pick<Row, "measure" | "part"> & { value: number | null }> =>
  new Map(
    Object.entries(results).flatMap(([name, value]) => {
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

/** Values that contend for the best; all others as if they were not there. */
const contending = (reports: ReadonlyArray<NamedReport>, values: Row["values"]): Row["values"] =>
  values.map((value, i) => (reports[i].report.usesDatabaseLabels === true ? null : value))

/** All figures of all reports, in the order of their first appearance. */
export const compare = (reports: ReadonlyArray<NamedReport>): ReadonlyArray<Row> => {
  const columns = reports.map(({ report }) => flat(report))
  const keys = new Map(columns.flatMap((column) => [...column]))
  return [...keys].map(([key, { measure, part }]) => {
    const values = columns.map((column) => column.get(key)?.value ?? null)
    return { measure, part, values, best: bestOf(contending(reports, values)) }
  })
}
