/** Files with `sweep:`: one experiment, run with several values of its keys. */
import { basename, extname } from "node:path"
import { Schema } from "effect"
import { ConfigError, inOrder } from "../../pipeline/fault.ts"
import {
  type Decoded,
  Flag,
  Fraction,
  listOf,
  Name,
  NonNegativeInt,
  optional,
  type Plain,
  PositiveInt,
  param
} from "../../pipeline/param.ts"
import { applySettings } from "../../pipeline/yaml/edit.ts"
import { Faults } from "../../pipeline/yaml/faults.ts"
import { readSettings } from "../../pipeline/yaml/settings.ts"
import { find, type Node } from "../../pipeline/yaml/tree.ts"
import type { ConfigFile } from "../plan/plan.ts"

const Values: Plain<Readonly<Record<string, ReadonlyArray<unknown>>>> = Schema.Record(
  Schema.String,
  Schema.Array(Schema.Unknown)
).annotate({ expected: "a mapping from a key, such as `train.optimise.metric_loss`, to a list of values" })

const Assigned: Plain<Readonly<Record<string, unknown>>> = Schema.Record(Schema.String, Schema.Unknown).annotate({
  expected: "a mapping from a key, such as `train.optimise.metric_loss`, to a value"
})

const Stop = Schema.Struct({ after: listOf(PositiveInt), keep: Fraction })

/** The keys of `sweep`. */
const declared = {
  of: param(Name, "The configuration of every cell, relative to the current working directory."),
  over: param(Values, "Keys of that file, each with the values that it takes; a cell is one choice of all of them."),
  set: param(Assigned, "Keys of that file with the value that they have in every cell.", {}),
  once: param(Schema.Array(Name), "Pipelines that run once, before all cells, with the file's own seed.", []),
  figures: optional(listOf(Name), "Figures that are compared, such as `mAP.hard`; by default all."),
  against: optional(
    Assigned,
    "Keys with the values of the group that all others are compared with; by default the first."
  ),
  replicate: param(
    Name,
    "The key whose values repeat an experiment: cells that differ in it alone are one group.",
    "seed"
  ),
  per_query: param(Name, "Name of the table that `measure` writes with `per_query`.", "queries"),
  resamples: param(PositiveInt, "Resamples of queries and runs for the intervals.", 1000),
  draw: optional(
    PositiveInt,
    "Random search: the number of groups that are drawn from the grid, evenly and without replacement."
  ),
  draw_seed: param(NonNegativeInt, "Key of these draws.", 24),
  stop: optional(
    Stop,
    "Early stopping of poor groups: `after` these epochs, the fraction `keep` of the groups continues, by the best figure of `best` so far; `{ after: [5, 15], keep: 0.5 }`."
  ),
  processes: param(PositiveInt, "Cells that run at the same time, each as a process of its own.", 1),
  keep_going: param(Flag, "Whether the other cells still run after one has failed.", true)
}

/** Everything that a file says of its sweep. */
export interface SweepFile extends Decoded<typeof declared> {
  readonly file: string
  readonly experiment: string
}

const KNOWN = { experiment: optional(Name, "Name of the folder `outputs/NAME`; by default the name of the file.") }

const checkKeys = (sweep: SweepFile, node: Node, faults: Faults): void => {
  const at = (key: string, problem: string) => faults.at(find(node, [key])?.node ?? node, ["sweep", key], problem)
  if (Object.keys(sweep.over).length === 0) at("over", "has no key: name at least one, with its values")
  for (const [key, values] of Object.entries(sweep.over)) {
    if (values.length === 0) at("over", `has no value for \`${key}\``)
    if (new Set(values.map((value) => JSON.stringify(value))).size < values.length)
      at("over", `has a value of \`${key}\` twice`)
  }
  const { after = [] } = sweep.stop ?? {}
  if (after.some((epoch, i) => i > 0 && epoch <= after[i - 1])) at("stop", "has epochs in `after` that do not ascend")
  for (const [key, value] of Object.entries(sweep.against ?? {})) {
    const values = sweep.over[key]
    if (key === sweep.replicate) at("against", `names \`${key}\`, whose values are repetitions`)
    else if (values === undefined) at("against", `names \`${key}\`, which is not a key of \`over\``)
    else if (!values.some((one) => JSON.stringify(one) === JSON.stringify(value)))
      at("against", `has ${JSON.stringify(value)} for \`${key}\`, which is none of its values`)
  }
}

/**
 * Reads the sweep of a file with `sweep:`.
 *
 * @param set values of `--set`; those that begin with `sweep.` change this file, all others that of the cells
 * @returns undefined if the file has no sweep
 * @throws ConfigError with every fault
 */
export const readSweep = (
  { file, parsed }: ConfigFile,
  set: ReadonlyArray<string>
): { readonly sweep: SweepFile; readonly cells: ReadonlyArray<string> } | undefined => {
  const { faults: broken, root } = parsed
  if (root === undefined || broken.length > 0 || find(root, ["sweep"]) === undefined) return undefined
  const faults = new Faults()
  const own = set.filter((one) => one.startsWith("sweep."))
  faults.all.push(...applySettings(root, own, ["sweep", ...Object.keys(KNOWN)]))
  const { experiment } = readSettings(
    root,
    { ...KNOWN, sweep: param(Schema.Unknown as Plain<unknown>, "The sweep.") },
    faults
  )
  const node = find(root, ["sweep"])?.node ?? root
  const inner = new Faults()
  const values = readSettings(node, declared, inner)
  faults.all.push(...inner.all.map((fault) => ({ ...fault, path: `sweep.${fault.path}` })))
  const sweep: SweepFile = { ...values, file, experiment: experiment ?? basename(file, extname(file)) }
  if (faults.all.length === 0) checkKeys(sweep, node, faults)
  if (faults.all.length > 0) throw new ConfigError({ faults: inOrder(faults.all) })
  return { sweep, cells: set.filter((one) => !one.startsWith("sweep.")) }
}
