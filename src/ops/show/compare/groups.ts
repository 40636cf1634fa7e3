/** Groups of runs, such as several seeds of two methods: their runs, values and differences. */
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { suggestion } from "../../../pipeline/words.ts"
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { field } from "../../formats/csv-rows.ts"
import { groupedDifference, holm, spread } from "../../measure/grouped.ts"
import { columnMean } from "../../measure/means.ts"
import type { PerQuery } from "../../measure/per-query.ts"
import { ShowError } from "../show-error.ts"

const PATTERN = /[*?]/

/** Paths that a pattern such as `outputs/oml-*` names, in the order of their names; a path without `*` and `?` is itself. */
const expanded = (pattern: string): ReadonlyArray<string> => {
  const parts = pattern.split("/")
  const at = parts.findIndex((part) => PATTERN.test(part))
  if (at === -1) return [pattern]
  const folder = parts.slice(0, at).join("/")
  const escaped = parts[at].replace(/[.+^${}()|[\]\\]/g, "\\$&")
  const match = new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`)
  const root = folder === "" ? (pattern.startsWith("/") ? "/" : ".") : folder
  let names: ReadonlyArray<string>
  try {
    names = readdirSync(root)
  } catch {
    return []
  }
  // Run folders, unless the pattern is one of tables: files beside them may begin alike.
  const fits = (name: string) =>
    pattern.endsWith(".csv") || statSync(join(root, name), { throwIfNoEntry: false })?.isDirectory() === true
  const found = names.filter((name) => match.test(name) && !name.startsWith(".") && fits(name)).sort()
  return found.flatMap((name) => expanded([join(root, name), ...parts.slice(at + 1)].join("/")))
}

/**
 * The runs of a group, patterns expanded.
 *
 * @throws ShowError for a pattern that no folder matches
 */
export const runsOf = (group: string, patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  patterns.flatMap((pattern) => {
    const runs = expanded(pattern)
    if (runs.length > 0) return runs
    throw new ShowError({
      subject: "compare",
      problem: `nothing matches ${pattern}, a run of the group ${group}`,
      remedy: "Name run folders relative to the current working directory"
    })
  })

/** A figure under the name of its column: `mAP.hard` is `mAP hard`. */
const columnOf = (figure: string): string => figure.replace(/\.(?=[A-Za-z])/, " ")

const chosen = (common: ReadonlyArray<string>, figures: ReadonlyArray<string> | undefined): ReadonlyArray<string> => {
  if (figures === undefined) return common
  return figures.map((figure) => {
    const column = common.find((name) => name === figure || name === columnOf(figure))
    if (column !== undefined) return column
    throw new ShowError({
      subject: "compare",
      problem: `not every run has the figure ${figure}${suggestion(figure, common)}`,
      remedy: `Choose among ${common.join(", ")}`
    })
  })
}

/** p-values of all differences, corrected for their number. */
const corrected = (figures: ReadonlyArray<ComparedFigure>): ReadonlyArray<ComparedFigure> => {
  const adjusted = holm(
    figures.flatMap(({ differences }) => differences.flatMap((one) => (one === null ? [] : [one.p])))
  )
  let at = 0
  return figures.map((figure) => ({
    ...figure,
    differences: figure.differences.map((one) => (one === null ? null : { ...one, adjusted: adjusted[at++] }))
  }))
}

/**
 * The figures of all groups, each compared with the first group.
 *
 * @param grouped tables of each group's runs, all with the same queries in the same order
 * @throws ShowError for a figure that not every run has, and for paired groups of different sizes
 */
export const comparedGroups = (
  names: ReadonlyArray<string>,
  grouped: ReadonlyArray<ReadonlyArray<PerQuery>>,
  wanted: {
    readonly figures: ReadonlyArray<string> | undefined
    readonly paired: boolean
    readonly resamples: number
    readonly seed: number
  }
): ReadonlyArray<ComparedFigure> => {
  const odd = names.findIndex((_, i) => grouped[i].length !== grouped[0].length)
  if (wanted.paired && odd > 0) {
    throw new ShowError({
      subject: "compare",
      problem: `${names[odd]} has ${grouped[odd].length} runs, but ${names[0]} has ${grouped[0].length}`,
      remedy: "Give paired groups the same number of runs, in the same order of seeds, or leave `paired` out"
    })
  }
  const all = grouped.flat()
  const common = [...all[0].columns.keys()].filter((name) => all.every(({ columns }) => columns.has(name)))
  const column = ({ columns }: PerQuery, name: string) => columns.get(name) ?? new Float64Array(0)
  const figures = chosen(common, wanted.figures).map((name): ComparedFigure => {
    const groups = grouped.map((tables) => tables.map((table) => column(table, name)))
    const values = groups.map((runs) => runs.map(columnMean))
    const differences = groups.slice(1).map((group) => groupedDifference(groups[0], group, wanted) ?? null)
    return { name, means: values.map((one) => spread(one).mean), values, differences }
  })
  return corrected(figures)
}

/** Every run's figures as CSV, one line per run. */
export const groupsCsv = ({ figures, members = [], runs }: Comparison): string => {
  const head = ["group", "run", ...figures.map(({ name }) => name)].map(field).join(",")
  const lines = runs.flatMap((group, g) =>
    (members[g] ?? []).map((run, r) =>
      [field(group), field(run), ...figures.map(({ values }) => values?.[g]?.[r] ?? "")].join(",")
    )
  )
  return `${[head, ...lines].join("\n")}\n`
}
