/** The notes of a report: the rule of relevance, queries that are left out, depths that are reduced. */
import { conjoined } from "../../pipeline/words.ts"
import { chunksOf } from "./means.ts"
import type { Metric } from "./metrics/metric.ts"
import { metrics } from "./metrics.ts"
import type { Prepared } from "./prepare.ts"
import { cellsOf, chosenMetrics, type Figures } from "./query-figures.ts"
import { type Level, levels } from "./relevance.ts"

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** Names of the original's metrics, of one kind or of all. */
const originals = (kind?: Metric["kind"]): string =>
  conjoined(
    metrics
      .filter((one) => one.group === "original" && (kind === undefined || one.kind === kind))
      .map(({ label }) => label)
  )

const originalNotes = ({ deciding, plan }: Prepared, queries: number, counted: number): ReadonlyArray<string> => {
  const [graded, byLevel] = [originals("graded"), originals("relation")]
  const notes = [`${graded} count the labels shared with the query, and are means over all queries.`]
  if (plan.chunk !== undefined) {
    notes.push(
      `As in the original, ${originals()} are means of the means of ${chunksOf(queries, plan.chunk).length} chunks of queries, whatever the sizes of the chunks.`
    )
  }
  if (counted < queries) {
    notes.push(
      `${plural(queries - counted, "query has", "queries have")} no relevant image at ${deciding} and ${queries - counted === 1 ? "is" : "are"} left out of ${byLevel}.`
    )
  }
  if (counted === 0) notes.push(`No query counts in ${byLevel}, which are therefore undefined.`)
  return notes
}

/** The rule of each relation, and the number of queries over which its figures are means. */
const relationNotes = (prepared: Prepared, figures: ReadonlyArray<Figures>): ReadonlyArray<string> =>
  (prepared.standard?.relations ?? []).flatMap(({ name, rule }) => {
    const what = levels.includes(name as Level) ? [] : [`At \`${name}\`, a database image is relevant if ${rule}.`]
    const at = cellsOf(prepared).findIndex(
      ({ metric, part }) => metric.kind === "relation" && metric.group === "standard" && part === name
    )
    if (at < 0) return []
    const counting = figures.filter(({ values }) => values[at] !== null).length
    return [
      ...what,
      `Standard figures at ${name} are means over the ${plural(counting, "query", "queries")} with a relevant image.`
    ]
  })

const standardNotes = (prepared: Prepared, figures: ReadonlyArray<Figures>): ReadonlyArray<string> => {
  const own = chosenMetrics(prepared.plan).flatMap(({ note }) => note ?? [])
  return [...relationNotes(prepared, figures), ...new Set(own)]
}

/** All notes of a report. */
export const notesOf = (prepared: Prepared, figures: ReadonlyArray<Figures>): ReadonlyArray<string> => {
  const { gallery, plan } = prepared
  const size = gallery.database.length
  const depths = prepared.standard === undefined ? plan.at : prepared.standard.depths
  const cut = depths.filter((k) => k > size)
  const rule = levels.map((level) => `${plan.thresholds[level]} (${level})`).join(", ")
  const counted = figures.filter((one) => one.counted).length
  return [
    `A database image is relevant if its Jaccard distance to the query's labels is at most ${rule}.`,
    ...(gallery.notes ?? []),
    ...(plan.original === false ? [] : originalNotes(prepared, figures.length, counted)),
    ...standardNotes(prepared, figures),
    ...(cut.length === 0
      ? []
      : [`Depth ${cut.join(", ")} is reduced to ${size}: the database has ${plural(size, "image")}.`])
  ]
}
