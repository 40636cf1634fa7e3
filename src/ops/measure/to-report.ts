/** From the figures of queries to the figures of an evaluation. */
import type { Report, Results } from "../elements.ts"
import type { Tally } from "./accumulate.ts"
import { MeasureError } from "./errors.ts"
import type { Figures, Plan, Prepared } from "./figures.ts"
import { levels, strictest } from "./relevance.ts"

/** Plain mean in the order given; null of nothing. */
const mean = (values: ReadonlyArray<number>): number | null => {
  if (values.length === 0) return null
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

const byLevel = (counted: ReadonlyArray<Figures>, pick: (figures: Figures) => ReadonlyArray<number | null>) =>
  Object.fromEntries(
    levels.map((level, l) => [
      level,
      mean(
        counted.flatMap((figures) => {
          const value = pick(figures)[l]
          return value === null ? [] : [value]
        })
      )
    ])
  )

const results = (all: ReadonlyArray<Figures>, { at, precisionAt }: Plan): Results => {
  const counted = all.filter((figures) => figures.counted)
  const graded = (name: string, pick: (figures: Figures) => ReadonlyArray<number>) =>
    at.map((k, i): [string, number | null] => [`${name}@${k}`, mean(all.map((figures) => pick(figures)[i]))])
  return {
    mAP: byLevel(counted, (figures) => figures.averagePrecision),
    [`precision@${precisionAt}`]: byLevel(counted, (figures) => figures.precision),
    ...Object.fromEntries([
      ...graded("ACG", ({ acg }) => acg),
      ...graded("nDCG", ({ ndcg }) => ndcg),
      ...graded("wAP", ({ wap }) => wap)
    ])
  }
}

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

const notes = ({ gallery, plan }: Prepared, queries: number, counted: number): ReadonlyArray<string> => {
  const { at, thresholds } = plan
  const size = gallery.database.length
  const strict = strictest(thresholds)
  const cut = at.filter((k) => k > size)
  const said = [
    `Relevant is a database image whose Jaccard distance to the query's labels is at most ${levels.map((level) => `${thresholds[level]} (${level})`).join(", ")}.`,
    "ACG, nDCG and wAP count the labels shared with the query, and are means over all queries."
  ]
  if (counted < queries) {
    said.push(
      `${plural(queries - counted, "query has", "queries have")} no relevant image at ${strict} and ${queries - counted === 1 ? "is" : "are"} left out of mAP and precision.`
    )
  }
  if (counted === 0) said.push("No query counts in mAP and precision, which are therefore undefined.")
  if (cut.length > 0) {
    said.push(`Depth ${cut.join(", ")} is cut to ${size}: the database has ${plural(size, "image")}.`)
  }
  return said
}

/**
 * Reduces figures to a report: plain means, mAP and precision over the queries with a relevant image at the strictest
 * level, ACG, nDCG and wAP over all.
 *
 * @throws MeasureError where no query was measured
 */
export const toReport = (prepared: Prepared, { figures }: Tally): Report => {
  if (figures.length === 0) {
    throw new MeasureError({ subject: "report", problem: "no query was measured", remedy: "Rank at least one query" })
  }
  const counted = figures.filter((one) => one.counted).length
  return {
    kind: "report",
    queries: figures.length,
    counted,
    database: prepared.gallery.database.length,
    results: results(figures, prepared.plan),
    notes: notes(prepared, figures.length, counted)
  }
}
