import { readFileSync } from "node:fs"
import { dirname, extname, join, resolve, sep } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { source } from "../../../pipeline/operator.ts"
import { listOf, Name, PositiveInt, param } from "../../../pipeline/param.ts"
import { type ComparedFigure, Comparison } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { MeasureError } from "../../measure/measure-error.ts"
import { pairedDifferences } from "../../measure/paired.ts"
import { inOrderOf, type PerQuery, parsePerQuery } from "../../measure/per-query.ts"
import { Run } from "../../run.ts"
import { ShowError, touching } from "../show-error.ts"
import { wrapped } from "../table.ts"
import { comparedTable, comparisonNotes } from "./compared.ts"
import { comparisonPage } from "./compared-page.ts"

/** As few of the last parts of each path as tell all of them apart; the same path twice has one name. */
const lastParts = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const parts = paths.map((path) => path.split(sep))
  const longest = Math.max(...parts.map(({ length }) => length))
  const shortened = (count: number) => parts.map((one) => one.slice(-count).join("/"))
  const distinct = (names: ReadonlyArray<string>) => new Set(names).size
  const count = Array.from({ length: longest }, (_, i) => i + 1).find((n) => distinct(shortened(n)) === distinct(paths))
  return shortened(count ?? longest)
}

/** Names of runs: of their folders; of tables within them, where one run has several. */
const namesOf = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const folders = paths.map((path) => dirname(path))
  const several = new Set(paths).size > new Set(folders).size
  return lastParts(several ? paths.map((path) => path.replace(/\.csv$/, "")) : folders)
}

const read = (path: string): Effect.Effect<PerQuery, MeasureError> =>
  Effect.try({
    try: () => parsePerQuery(path, readFileSync(path, "utf8")),
    catch: (cause) =>
      cause instanceof MeasureError
        ? cause
        : new MeasureError({
            subject: path,
            problem: (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : "cannot be read",
            remedy: "Run the evaluation with `measure: { per_query: queries }` first",
            cause
          })
  })

const meanOf = (values: Float64Array): number | null => {
  const counting = values.filter((value) => !Number.isNaN(value))
  return counting.length === 0 ? null : counting.reduce((sum, value) => sum + value, 0) / counting.length
}

const compared = (tables: ReadonlyArray<PerQuery>, seed: number, resamples: number): ReadonlyArray<ComparedFigure> => {
  const [first, ...others] = tables
  const common = [...first.columns.keys()].filter((name) => others.every(({ columns }) => columns.has(name)))
  const column = ({ columns }: PerQuery, name: string) => columns.get(name) ?? new Float64Array(0)
  const differences = others.map((other) =>
    pairedDifferences(
      common.map((name) => ({ first: column(first, name), second: column(other, name) })),
      seed,
      resamples
    )
  )
  return common.map((name, i) => ({
    name,
    means: tables.map((table) => meanOf(column(table, name))),
    differences: differences.map((run) => run[i] ?? null)
  }))
}

const publish = Effect.fnUntraced(function* (comparison: Comparison) {
  const { experiment, folder, record, say, wrote } = yield* Run
  const { kind: _, ...figures } = comparison
  const json = join(folder, "comparison.json")
  const html = join(folder, "comparison.html")
  yield* touching(json, () => writeFileAtomic(json, `${JSON.stringify(figures, null, 2)}\n`))
  yield* touching(html, () => writeFileAtomic(html, comparisonPage(experiment, comparison)))
  yield* Effect.forEach([json, html], wrote, { discard: true })
  yield* record("comparison", figures)
  const lines = ["", ...comparedTable(comparison), "", ...comparisonNotes(comparison).flatMap(wrapped), `page: ${html}`]
  yield* Effect.forEach(lines, say, { discard: true })
})

/**
 * Compares evaluations on the same queries: the figures of all runs in one table, and for each run but the first what it has
 * more, with a 95 % interval of the paired bootstrap. Writes comparison.json and comparison.html.
 */
export const compare = source({
  name: "compare",
  about: "Compares runs by their figures of every query: one table, differences with paired bootstrap intervals.",
  to: Comparison,
  params: {
    runs: param(
      listOf(Name),
      "Run folders, or tables in them (outputs/a/NAME.csv), relative to the current working directory; all others are compared with the first."
    ),
    per_query: param(FileName, "Name of the table that `measure` wrote with `per_query`.", "queries"),
    resamples: param(PositiveInt, "Resamples of the queries.", 1000)
  },
  declares: { shares: () => ["comparison.json", "comparison.html"] },
  run: ({ per_query, resamples, runs }) =>
    Stream.fromEffect(
      Effect.gen(function* () {
        const { seed, uses } = yield* Run
        if (runs.length < 2) {
          return yield* new ShowError({
            subject: "compare",
            problem: "one run alone is not compared with anything",
            remedy: "Name two or more: --set 'runs=[outputs/a, outputs/b]'"
          })
        }
        const paths = runs.map((run) => (extname(run) === ".csv" ? resolve(run) : resolve(run, `${per_query}.csv`)))
        const [first, ...others] = yield* Effect.forEach(paths, read)
        const tables = yield* attempt(MeasureError)(() => [first, ...others.map((other) => inOrderOf(first, other))])
        // A run that is evaluated again is compared again.
        yield* Effect.forEach(paths, uses, { discard: true })
        const names = namesOf(paths)
        const comparison: Comparison = {
          kind: "comparison",
          runs: names,
          useDatabaseLabels: names.filter((_, i) => tables[i].usesDatabaseLabels),
          queries: first.queries.length,
          figures: compared(tables, seed, resamples),
          resamples
        }
        yield* publish(comparison)
        return comparison
      })
    )
})
