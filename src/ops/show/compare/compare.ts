import { readFileSync } from "node:fs"
import { dirname, extname, join, resolve, sep } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { source } from "../../../pipeline/operator.ts"
import { Flag, listOf, Name, optional, type Plain, PositiveInt, param } from "../../../pipeline/param.ts"
import { type ComparedFigure, Comparison } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { portable } from "../../formats/portable.ts"
import { columnMean } from "../../measure/means.ts"
import { MeasureError } from "../../measure/measure-error.ts"
import { pairedDifferences } from "../../measure/paired.ts"
import { inOrderOf, type PerQuery, parsePerQuery } from "../../measure/per-query.ts"
import { Run } from "../../run.ts"
import { ShowError, touching } from "../show-error.ts"
import { wrapped } from "../table.ts"
import { comparedTable, comparisonNotes } from "./compared.ts"
import { comparisonPage } from "./compared-page.ts"
import { comparedGroups, groupsCsv, runsOf } from "./groups.ts"
import { groupsPage } from "./groups-page.ts"
import { groupsNotes, groupsTable } from "./groups-text.ts"

type Groups = Readonly<Record<string, ReadonlyArray<string>>>

const Runs: Plain<ReadonlyArray<string> | Groups> = Schema.Union([
  listOf(Name),
  Schema.Record(Schema.String, listOf(Name))
]).annotate({ expected: "a list of run folders, or a mapping from the name of each group to such a list" })

const isGroups = (runs: ReadonlyArray<string> | Groups): runs is Groups => !Array.isArray(runs)

/** The shortest endings of paths that differ from each other; equal paths have the same name. */
const lastParts = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const parts = paths.map((path) => path.split(sep))
  const longest = Math.max(...parts.map(({ length }) => length))
  const shortened = (count: number) => parts.map((one) => one.slice(-count).join("/"))
  const distinct = (names: ReadonlyArray<string>) => new Set(names).size
  const count = Array.from({ length: longest }, (_, i) => i + 1).find((n) => distinct(shortened(n)) === distinct(paths))
  return shortened(count ?? longest)
}

/** Names of runs: of their folders, or of their tables if one run has several. */
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
    means: tables.map((table) => columnMean(column(table, name))),
    differences: differences.map((run) => run[i] ?? null)
  }))
}

const publish = Effect.fnUntraced(function* (comparison: Comparison, name: string) {
  const { experiment, folder, record, say, wrote } = yield* Run
  const { kind: _, ...figures } = comparison
  const grouped = comparison.members !== undefined
  const files = [
    { path: join(folder, `${name}.json`), text: `${JSON.stringify(figures, null, 2)}\n` },
    {
      path: join(folder, `${name}.html`),
      text: grouped ? groupsPage(experiment, comparison) : comparisonPage(experiment, comparison)
    },
    ...(grouped ? [{ path: join(folder, `${name}.csv`), text: groupsCsv(comparison) }] : [])
  ]
  yield* Effect.forEach(files, ({ path, text }) => touching(path, () => writeFileAtomic(path, text)), { discard: true })
  yield* Effect.forEach(files, ({ path }) => wrote(path), { discard: true })
  yield* record("comparison", figures)
  const text = grouped
    ? [...groupsTable(comparison), "", ...groupsNotes(comparison).flatMap(wrapped)]
    : [...comparedTable(comparison), "", ...comparisonNotes(comparison).flatMap(wrapped)]
  yield* Effect.forEach(["", ...text, `page: ${portable(files[1].path)}`], say, { discard: true })
})

const alone = (what: string, remedy: string): ShowError =>
  new ShowError({ subject: "compare", problem: `${what} alone cannot be compared with anything`, remedy })

const fileOf = (run: string, table: string): string =>
  extname(run) === ".csv" ? resolve(run) : resolve(run, `${table}.csv`)

/** Reads tables of single queries, all in the order of the first. A run that is evaluated again is compared again. */
const readAll = Effect.fnUntraced(function* (paths: ReadonlyArray<string>) {
  const { uses } = yield* Run
  const [first, ...others] = yield* Effect.forEach(paths, read)
  const tables = yield* attempt(MeasureError)(() => [first, ...others.map((other) => inOrderOf(first, other))])
  yield* Effect.forEach(paths, uses, { discard: true })
  return tables
})

interface Wanted {
  readonly figures: ReadonlyArray<string> | undefined
  readonly paired: boolean
  readonly per_query: string
  readonly resamples: number
  readonly notes: ReadonlyArray<string> | undefined
}

const comparisonOfRuns = Effect.fnUntraced(function* (runs: ReadonlyArray<string>, { per_query, resamples }: Wanted) {
  const { seed } = yield* Run
  if (runs.length < 2) return yield* alone("one run", "Name two runs or more: --set 'runs=[outputs/a, outputs/b]'")
  const paths = runs.map((run) => fileOf(run, per_query))
  const tables = yield* readAll(paths)
  const names = namesOf(paths)
  return {
    kind: "comparison",
    runs: names,
    useDatabaseLabels: names.filter((_, i) => tables[i].usesDatabaseLabels),
    queries: tables[0].queries.length,
    figures: compared(tables, seed, resamples),
    resamples
  } satisfies Comparison
})

const comparisonOfGroups = Effect.fnUntraced(function* (
  groups: Readonly<Record<string, ReadonlyArray<string>>>,
  wanted: Wanted
) {
  const { seed } = yield* Run
  const names = Object.keys(groups)
  if (names.length < 2) return yield* alone("one group", "Name two or more groups, each with its runs")
  const members = yield* attempt(ShowError)(() => names.map((name) => runsOf(name, groups[name])))
  const paths = members.map((runs) => runs.map((run) => fileOf(run, wanted.per_query)))
  const tables = yield* readAll(paths.flat())
  const starts = members.map((_, i) => members.slice(0, i).reduce((sum, runs) => sum + runs.length, 0))
  const grouped = members.map((runs, i) => tables.slice(starts[i], starts[i] + runs.length))
  const figures = yield* attempt(ShowError)(() => comparedGroups(names, grouped, { ...wanted, seed }))
  return {
    kind: "comparison",
    runs: names,
    members,
    paired: wanted.paired,
    useDatabaseLabels: names.filter((_, i) => grouped[i].some(({ usesDatabaseLabels }) => usesDatabaseLabels)),
    queries: tables[0].queries.length,
    figures,
    resamples: wanted.resamples,
    ...(wanted.notes === undefined ? {} : { notes: wanted.notes })
  } satisfies Comparison
})

/**
 * Compares evaluations on the same queries: the figures of all runs in one table, with each run's difference from the first
 * and its 95 % interval of the paired bootstrap. Groups of runs, such as several seeds of each method, are compared by
 * their means, and runs are resampled with the queries. Writes comparison.json and comparison.html; for groups comparison.csv.
 */
export const compare = source({
  name: "compare",
  about:
    "Compares runs, or groups of runs, by their figures of each query: one table, and differences with bootstrap intervals.",
  to: Comparison,
  params: {
    runs: param(
      Runs,
      "Run folders, or tables in them (outputs/a/NAME.csv), relative to the current working directory; all others are compared with the first. Groups of runs as a mapping: `{ oml: [outputs/oml-1, outputs/oml-2], triplet: [outputs/triplet-*] }`."
    ),
    per_query: param(FileName, "Name of the table that `measure` wrote with `per_query`.", "queries"),
    figures: optional(listOf(Name), "Figures of groups that are compared, such as `mAP.hard`; by default all."),
    paired: param(
      Flag,
      "Whether the runs of two groups belong together in their order, for example by their seeds.",
      false
    ),
    resamples: param(PositiveInt, "Number of resamples of the queries, and of the runs of groups.", 1000),
    notes: optional(
      listOf(Name),
      "Sentences that are shown with a comparison of groups, for example about groups that are not compared."
    ),
    name: param(FileName, "Name of the files that are written.", "comparison")
  },
  declares: { shares: ({ name }) => [`${name}.json`, `${name}.html`, `${name}.csv`] },
  run: ({ name, runs, ...wanted }) =>
    Stream.fromEffect(
      Effect.gen(function* () {
        const comparison: Comparison = yield* isGroups(runs)
          ? comparisonOfGroups(runs, wanted)
          : comparisonOfRuns(runs, wanted)
        yield* publish(comparison, name)
        return comparison
      })
    )
})
