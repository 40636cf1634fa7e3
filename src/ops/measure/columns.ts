/** Every figure of an evaluation as a column: one value per query, reduced to its mean. */
import { field } from "../formats/csv.ts"
import type { Tally } from "./accumulate.ts"
import type { Figures } from "./figures.ts"
import type { Plan, Prepared } from "./prepare.ts"
import { levels } from "./relevance.ts"
import { THRESHOLDS, USES_LABELS } from "./report-csv.ts"
import { type Column, standardColumns } from "./standard.ts"

/** A column with the way to its values; null where a query does not count. */
export interface Values extends Column {
  /** Whether it is one of the original's, which may be means of chunk means. */
  readonly original: boolean
  readonly of: (figures: Figures) => number | null
}

/** The original's: mAP and precision of the queries that count at the strictest level, graded measures of all. */
const originalColumns = ({ at, precisionAt }: Plan): ReadonlyArray<Values> => {
  const byLevel = (name: string, pick: (figures: Figures) => ReadonlyArray<number | null>) =>
    levels.map(
      (part, l): Values => ({
        name,
        part,
        original: true,
        of: (figures) => (figures.counted ? pick(figures)[l] : null)
      })
    )
  const byDepth = (name: string, pick: (figures: Figures) => ReadonlyArray<number>) =>
    at.map(
      (k, i): Values => ({ name: `${name}@${k}`, part: undefined, original: true, of: (figures) => pick(figures)[i] })
    )
  return [
    ...byLevel("mAP", ({ averagePrecision }) => averagePrecision),
    ...byLevel(`precision@${precisionAt}`, ({ precision }) => precision),
    ...byDepth("ACG", ({ acg }) => acg),
    ...byDepth("nDCG", ({ ndcg }) => ndcg),
    ...byDepth("wAP", ({ wap }) => wap)
  ]
}

/** The standard measures' columns; none where none are measured. */
export const standardValuesOf = ({ gallery, standard }: Prepared): ReadonlyArray<Values> =>
  standard === undefined
    ? []
    : standardColumns(standard, gallery.classes).map(
        (column, i): Values => ({ ...column, original: false, of: (figures) => figures.standard[i] })
      )

/** All columns of a plan, in the order in which they are reported. */
export const columnsOf = (prepared: Prepared): ReadonlyArray<Values> => [
  ...(prepared.plan.original === false ? [] : originalColumns(prepared.plan)),
  ...standardValuesOf(prepared)
]

/** Plain mean in the order given, of those that are not null; null of none. */
export const mean = (values: Iterable<number | null>): number | null => {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (value === null) continue
    sum += value
    count++
  }
  return count === 0 ? null : sum / count
}

/**
 * The figures of single queries as CSV: the query's name, whether it counts in the original's mAP and precision, and each
 * column; empty where a query does not count. Then stand the thresholds of easy, medium and hard, and in a last column,
 * where it is so, that the ranking was made with the labels of the database.
 */
export const perQueryCsv = (prepared: Prepared, { figures, rows }: Tally): string => {
  const columns = columnsOf(prepared)
  const { names, queries, usesDatabaseLabels } = prepared.gallery
  const said = usesDatabaseLabels === true
  const thresholds = levels.map((level) => prepared.plan.thresholds[level]).join(" ")
  const header = columns.map(({ name, part }) => field(part === undefined ? name : `${name} ${part}`))
  const lines = rows.map((row, i) => {
    const values = columns.map(({ of }) => of(figures[i]) ?? "")
    return [field(names[queries[row]]), figures[i].counted ? 1 : 0, ...values, thresholds, ...(said ? [1] : [])].join(
      ","
    )
  })
  return `${[["query", "counted", ...header, THRESHOLDS, ...(said ? [USES_LABELS] : [])].join(","), ...lines].join("\n")}\n`
}
