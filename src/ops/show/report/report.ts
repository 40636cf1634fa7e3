import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { dump } from "js-yaml"
import { operator } from "../../../pipeline/operator.ts"
import { optional, param } from "../../../pipeline/param.ts"
import { Report } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { portable } from "../../formats/portable.ts"
import { reportCsv } from "../../measure/report-value.ts"
import { Run } from "../../run.ts"
import { markNote, type NamedReport } from "../comparison.ts"
import { ShowError, touching } from "../show-error.ts"
import { readStrips } from "../strips/strips-file.ts"
import { textTable, wrapped } from "../table.ts"
import { curvePlots } from "./curve.ts"
import type { LeftOut } from "./left-out.ts"
import { page } from "./page.ts"
import { pageStripsOf } from "./page-pictures.ts"

/** Name of the column and file of a report without a name. */
export const UNNAMED = "evaluation"

const resultsPath = (folder: string, name: string, form = "json"): string => join(folder, "results", `${name}.${form}`)

/** Reads the results of an earlier `report`. */
const earlier = (folder: string, name: string): Effect.Effect<NamedReport, ShowError> => {
  const path = resultsPath(folder, name)
  return touching(path, () => {
    if (!existsSync(path)) {
      throw new ShowError({
        subject: path,
        problem: `there are no results named ${name} to compare with`,
        remedy: `Run the pipeline that ends in \`report: { as: ${name} }\` before this one`
      })
    }
    return { name, report: JSON.parse(readFileSync(path, "utf8")) as NamedReport["report"] }
  })
}

/** The run record so far; empty if there is none. */
const recorded = (folder: string): Readonly<Record<string, unknown>> & LeftOut => {
  const path = join(folder, "record.json")
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {}
}

/** The configuration in a run record, as YAML with one line per step; empty if there is none. */
const configurationText = ({ configuration, engine, versions }: Readonly<Record<string, unknown>>): string => {
  const known = Object.entries({ ...(configuration as object), engine, versions }).filter(([, value]) => value != null)
  return known.map(([key, value]) => dump({ [key]: value }, { flowLevel: 3, lineWidth: 110 })).join("\n")
}

const optionalText = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "")

/** Writes `report.html` from the files in the run folder. */
const writePage = Effect.fnUntraced(function* (reports: ReadonlyArray<NamedReport>) {
  const { experiment, folder } = yield* Run
  // Not declared by `wrote`, because a later report of the same run replaces it.
  const path = join(folder, "report.html")
  const shown = yield* pageStripsOf(yield* touching(join(folder, "strips"), () => readStrips(folder)))
  yield* touching(path, () => {
    const plots = curvePlots(optionalText(join(folder, "curve.csv")))
    const record = recorded(folder)
    const text = configurationText(record)
    writeFileAtomic(path, page({ experiment, reports, plots, ...shown, leftOut: record, configuration: text }))
  })
  return path
})

const publish = Effect.fnUntraced(function* (
  { kind: _, ...figures }: Report,
  as: string | undefined,
  beside: ReadonlyArray<string>
) {
  const { folder, record, say, wrote } = yield* Run
  const own: NamedReport = { name: as ?? UNNAMED, report: figures }
  const others = yield* Effect.forEach(beside, (name) => earlier(folder, name))
  const path = resultsPath(folder, own.name)
  yield* touching(path, () => writeFileAtomic(path, `${JSON.stringify(figures, null, 2)}\n`))
  yield* wrote(path)
  const table = resultsPath(folder, own.name, "csv")
  yield* touching(table, () => writeFileAtomic(table, reportCsv(figures)))
  yield* wrote(table)
  // Recorded one by one, so that unnamed figures do not replace the named ones.
  if (as !== undefined) yield* record(`results.${as}`, figures.results)
  else for (const [name, figure] of Object.entries(figures.results)) yield* record(`results.${name}`, figure)
  const reports = [...others, own]
  const html = yield* writePage(reports)
  yield* record(as === undefined ? "notes" : `notes.${as}`, figures.notes)
  const notes = [...markNote(reports), ...figures.notes].flatMap(wrapped)
  const lines = ["", ...textTable(reports), "", ...notes, `report: ${portable(html)}`]
  yield* Effect.forEach(lines, say, { discard: true })
})

/**
 * Publishes a report. It writes `results/NAME.json` and `results/NAME.csv` to the run folder and figures and notes to the run
 * record, prints a table beside earlier results, and writes `report.html`, which also shows the loss curve (`curve.csv`) and
 * the strips of the run, if it has any.
 */
export const report = operator({
  name: "report",
  about: "Writes results and an HTML page and prints a table, with earlier results for comparison.",
  from: Report,
  to: Report,
  params: {
    as: optional(FileName, "Name of these results in files, the record and tables; a single evaluation needs none."),
    beside: param(Schema.Array(FileName), "Earlier results to show beside these.", [])
  },
  declares: {
    writes: ({ as = UNNAMED }) => [`results/${as}.json`, `results/${as}.csv`],
    shares: () => ["report.html"]
  },
  run:
    ({ as, beside }) =>
    (reports) =>
      Stream.tap(reports, (one) => publish(one, as, beside))
})
