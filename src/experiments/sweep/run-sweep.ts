/** Runs a sweep: what runs once, every cell in a folder of its own, and the comparison of all groups. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Console, DateTime, Effect, Result } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { load } from "../../pipeline/load.ts"
import { flowText } from "../../pipeline/print.ts"
import { counted, printable, printableJson } from "../../pipeline/words.ts"
import { lock } from "../folder/lock.ts"
import { recordPath } from "../folder/record.ts"
import { language, type Plan, planOf } from "../plan/plan.ts"
import { RunError } from "../run-error.ts"
import type { Progress } from "../running/progress.ts"
import { runPlan } from "../running/runner.ts"
import { adopt } from "./adopt.ts"
import { childRun } from "./child-run.ts"
import type { Cell } from "./grid.ts"
import type { Sweep } from "./plan-sweep.ts"

/** How to run a sweep. */
export interface SweepOptions {
  readonly folder: string
  readonly fresh: boolean
  readonly json: boolean
}

const cellFolder = (folder: string, cell: Cell): string => join(folder, "cells", cell.name)

const argumentsOf = (of: string, set: ReadonlyArray<string>, folder: string): ReadonlyArray<string> => [
  of,
  ...set.flatMap((one) => ["--set", one]),
  "--out",
  folder
]

const failed = (what: string, last: ReadonlyArray<string>): RunError =>
  new RunError({
    subject: what,
    problem: `failed:\n  ${last.map(printable).join("\n  ")}\n`,
    remedy: "Once this is fixed, the same command runs what is missing"
  })

/** Runs the pipelines that run once. */
const runOnce = Effect.fnUntraced(function* (
  { set, sweep }: Sweep,
  folder: string,
  fresh: boolean,
  progress: Progress
) {
  for (const name of sweep.once) {
    progress.say(`once: ${name}`)
    const anew = fresh && name === sweep.once[0] ? ["--fresh"] : []
    const { code, last } = yield* childRun([...argumentsOf(sweep.of, set, folder), "--only", name, ...anew], () => {})
    if (code !== 0) return yield* failed(`once: ${name}`, last)
  }
})

/** Runs one cell, and says how it ended; undefined where all went well. */
const runCell = Effect.fnUntraced(function* (cell: Cell, made: Sweep, options: SweepOptions, progress: Progress) {
  const { plans, sweep } = made
  const folder = cellFolder(options.folder, cell)
  const once = join(options.folder, "once")
  const begun = DateTime.formatIso(yield* DateTime.now)
  const anew = options.fresh && existsSync(recordPath(folder))
  if (sweep.once.length > 0 && !anew) {
    yield* attempt(RunError)(() => adopt(folder, plans.get(cell) as Plan, sweep.once, once, begun))
  }
  const { code, last } = yield* childRun(
    [...argumentsOf(sweep.of, cell.set, folder), ...(anew ? ["--fresh"] : [])],
    (line) => {
      if (/^[a-z].*: (runs again|done before)|resuming after/i.test(line.trim()))
        progress.say(`  ${cell.name}: ${line.trim()}`)
    }
  )
  progress.say(`${cell.name}: ${code === 0 ? "done" : "failed"}`)
  return code === 0 ? undefined : failed(cell.name, last)
})

/** The comparison of all groups, as a plan like any other. */
const comparisonPlan = ({ groups, sweep }: Sweep, folder: string): Plan => {
  const runs = Object.fromEntries(
    groups.map(({ cells, name }) => [name, cells.map((cell) => cellFolder(folder, cell))])
  )
  const params = {
    runs,
    per_query: sweep.per_query,
    paired: true,
    resamples: sweep.resamples,
    name: "sweep",
    ...(sweep.figures === undefined ? {} : { figures: sweep.figures })
  }
  const text = [
    `experiment: ${flowText(sweep.experiment)}`,
    "fresh: true",
    `pipelines: { compared: [ { compare: ${flowText(params)} } ] }`
  ].join("\n")
  return planOf(Result.getOrThrow(load(text, sweep.file, language)), sweep.file, undefined)
}

/** @throws RunError if the folder is the run folder of something else */
const checkFolder = (folder: string): void => {
  if (!existsSync(recordPath(folder))) return
  throw new RunError({
    subject: folder,
    problem: "is the folder of a single run",
    remedy: "Choose another folder for the sweep with `--out`, or another `experiment`"
  })
}

/**
 * Runs a sweep. Each cell is an ordinary run in FOLDER/cells, which continues where it was stopped; the comparison is
 * written to FOLDER/result.
 */
export const runSweep = Effect.fnUntraced(function* (made: Sweep, options: SweepOptions, progress: Progress) {
  const { groups, sweep } = made
  const { folder } = options
  yield* attempt(RunError)(() => checkFolder(folder))
  yield* lock(folder)
  yield* runOnce(made, join(folder, "once"), options.fresh, progress)
  const cells = groups.flatMap((group) => group.cells)
  const errors: Array<RunError> = []
  const one = (cell: Cell) =>
    Effect.gen(function* () {
      if (errors.length > 0 && !sweep.keep_going) return
      const error = yield* runCell(cell, made, options, progress)
      if (error !== undefined) errors.push(error)
    })
  yield* Effect.forEach(cells, one, { concurrency: sweep.processes, discard: true })
  if (errors.length > 0) {
    progress.say(`${errors.length} of ${counted(cells.length, "cell")} failed`)
    return yield* errors[0]
  }
  if (groups.length < 2) return progress.say("One group alone is not compared with anything.")
  const plan = comparisonPlan(made, folder)
  const result = join(folder, "result")
  const record = yield* runPlan(plan, { folder: result, only: undefined, begins: "freshByFile" }, progress)
  if (options.json) yield* Console.log(printableJson(JSON.stringify(record.comparison, null, 2)))
}, Effect.scoped)
