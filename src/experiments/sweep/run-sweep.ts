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
import type { PartError } from "../ranges/task.ts"
import { RunError } from "../run-error.ts"
import type { Progress } from "../running/progress.ts"
import { emptied, runPlan } from "../running/runner.ts"
import { adopt } from "./adopt.ts"
import {
  argumentsOf,
  type CellRun,
  type CellRunner,
  cellFolder,
  kindOf,
  type SweepOptions,
  threadsOf
} from "./cell-run.ts"
import { childRun, openRuns } from "./child-run.ts"
import type { Cell, Group } from "./grid.ts"
import { continuing, pauseAfter, scoreOf } from "./halving.ts"
import type { Sweep } from "./plan-sweep.ts"
import type { SweepFile } from "./sweep-file.ts"

const failed = (what: string, last: ReadonlyArray<string>): RunError =>
  new RunError({
    subject: what,
    problem: `failed:\n  ${last.map(printable).join("\n  ")}\n`,
    remedy: "Once this is fixed, the same command runs what is missing"
  })

/** Runs the pipelines that run once; several processes make their ranges. */
const runOnce = Effect.fnUntraced(function* (
  { set, sweep }: Sweep,
  { folder: whole, fresh, processes, stage }: SweepOptions,
  progress: Progress
) {
  const folder = join(whole, "once")
  const several = processes === undefined ? [] : ["--processes", String(processes)]
  for (const name of sweep.once) {
    progress.say(`once: ${name}`)
    const anew = fresh && name === sweep.once[0] ? ["--fresh"] : []
    const { code, last } = yield* childRun(
      [...argumentsOf(sweep.of, set, folder, stage), "--only", name, ...several, ...anew],
      () => {}
    )
    if (code !== 0) return yield* failed(`once: ${name}`, last)
  }
})

/** Runs cells by processes of this machine. */
const here = Effect.fnUntraced(function* ({ sweep }: Sweep, options: SweepOptions, progress: Progress) {
  const run = yield* openRuns()
  const processes = options.processes ?? sweep.processes
  const runner: CellRunner = ({ cell, plan, until }) =>
    Effect.gen(function* () {
      const folder = cellFolder(options.folder, cell)
      const paused = pauseAfter(folder, until)
      const { code, last } = yield* run(
        argumentsOf(
          sweep.of,
          [...cell.set, ...threadsOf(plan, plan.loaded.settings.device, processes)],
          folder,
          options.stage
        ),
        (line) => {
          if (/^[a-z].*: (runs again|done before)|resuming after/i.test(line.trim()))
            progress.say(`  ${cell.name}: ${line.trim()}`)
        },
        { kind: kindOf(plan), stop: paused }
      )
      return code === 0 || (yield* attempt(RunError)(paused)) ? undefined : last
    })
  return runner
})

/** Runs one cell, and says how it ended; undefined if all went well. */
const runCell = Effect.fnUntraced(function* (
  cell: Cell,
  made: Sweep,
  options: SweepOptions,
  runner: CellRunner,
  { fresh, until }: Pick<CellRun, "until"> & { readonly fresh: boolean },
  progress: Progress
) {
  const { plans, sweep } = made
  const plan = plans.get(cell) as Plan
  const folder = cellFolder(options.folder, cell)
  const once = join(options.folder, "once")
  const begun = DateTime.formatIso(yield* DateTime.now)
  // Emptied here, and not by `--fresh` of the cell: that would run the pipelines of `once` again in each cell.
  if (fresh && existsSync(recordPath(folder))) yield* emptied(plan, folder)
  if (sweep.once.length > 0) yield* attempt(RunError)(() => adopt(folder, plan, sweep.once, once, begun))
  const last = yield* runner({ cell, plan, until })
  const done = until === undefined ? "done" : `validated after epoch ${until}`
  progress.say(`${cell.name}: ${last === undefined ? done : "failed"}`)
  return last === undefined ? undefined : failed(cell.name, last)
})

/** The comparison of the groups that were not stopped, as a plan like any other. */
const comparisonPlan = (sweep: SweepFile, { groups, notes }: Left, folder: string): Plan => {
  const runs = Object.fromEntries(
    groups.map(({ cells, name }) => [name, cells.map((cell) => cellFolder(folder, cell))])
  )
  const params = {
    runs,
    per_query: sweep.per_query,
    paired: true,
    resamples: sweep.resamples,
    name: "sweep",
    ...(notes.length === 0 ? {} : { notes }),
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

/** What early stopping leaves of a sweep. */
interface Left {
  /** The groups that continue. */
  readonly groups: ReadonlyArray<Group>
  /** A sentence for each group that was stopped: when, and its validation figure. */
  readonly notes: ReadonlyArray<string>
}

/** Trains all groups for some epochs, and lets the better ones continue, again and again. */
const halved = Effect.fnUntraced(function* (
  { groups, sweep }: Sweep,
  { folder, fresh }: SweepOptions,
  runAll: (cells: ReadonlyArray<Cell>, until: number | undefined) => Effect.Effect<void, RunError | PartError>,
  progress: Progress
) {
  let left: Left = { groups, notes: [] }
  for (const [rung, epoch] of (sweep.stop?.after ?? []).entries()) {
    const reached = (cell: Cell) => pauseAfter(cellFolder(folder, cell), epoch)()
    const cells = left.groups.flatMap((group) => group.cells)
    const due = yield* attempt(RunError)(() => cells.filter((cell) => (fresh && rung === 0) || !reached(cell)))
    yield* runAll(due, epoch)
    const scores = yield* attempt(RunError)(() =>
      left.groups.map(({ cells }) => {
        const own = cells.map((cell) => scoreOf(cellFolder(folder, cell), epoch))
        return own.reduce((sum, one) => sum + one, 0) / own.length
      })
    )
    const continues = continuing(scores, sweep.stop?.keep ?? 1)
    const notes = left.groups.flatMap(({ name }, i) =>
      continues[i]
        ? []
        : [`${name} was stopped after epoch ${epoch}: its best validation was ${scores[i].toFixed(4)} on average.`]
    )
    for (const note of notes) progress.say(note)
    left = { groups: left.groups.filter((_, i) => continues[i]), notes: [...left.notes, ...notes] }
  }
  return left
})

/** Runs cells by whoever the options name. */
const runnerOf = Effect.fnUntraced(function* (made: Sweep, options: SweepOptions, progress: Progress) {
  const { cluster } = options
  if (cluster === undefined) return yield* here(made, options, progress)
  const { byCluster } = yield* Effect.promise(() => import("../cluster/cells.ts"))
  return yield* byCluster(made, { ...options, cluster }, progress)
})

/**
 * Runs a sweep. Each cell is an ordinary run in FOLDER/cells, which continues where it was stopped; the comparison is
 * written to FOLDER/result.
 */
export const runSweep = Effect.fnUntraced(function* (made: Sweep, options: SweepOptions, progress: Progress) {
  const { groups, sweep } = made
  const { cluster, folder } = options
  yield* attempt(RunError)(() => checkFolder(folder))
  yield* lock(folder)
  yield* runOnce(made, options, progress)
  const runner = yield* runnerOf(made, options, progress)
  const begun = new Set<Cell>()
  const runAll = Effect.fnUntraced(function* (cells: ReadonlyArray<Cell>, until: number | undefined) {
    const errors: Array<RunError> = []
    const one = (cell: Cell) =>
      Effect.gen(function* () {
        if (errors.length > 0 && !sweep.keep_going) return
        const fresh = options.fresh && !begun.has(cell)
        begun.add(cell)
        const error = yield* runCell(cell, made, options, runner, { fresh, until }, progress)
        if (error === undefined) return
        errors.push(error)
        // All cells were offered at once, so the others are under way: they are given up.
        if (cluster !== undefined && !sweep.keep_going) return yield* error
      })
    const concurrency = cluster === undefined ? (options.processes ?? sweep.processes) : "unbounded"
    yield* Effect.forEach(cells, one, { concurrency, discard: true })
    if (errors.length === 0) return
    progress.say(`${errors.length} of ${counted(cells.length, "cell")} failed`)
    return yield* errors[0]
  })
  const left = yield* halved(made, options, runAll, progress)
  yield* runAll(
    left.groups.flatMap(({ cells }) => cells),
    undefined
  )
  if (groups.length < 2) return progress.say("One group alone is not compared with anything.")
  const plan = comparisonPlan(sweep, left, folder)
  const result = join(folder, "result")
  const record = yield* runPlan(plan, { folder: result, only: undefined, begins: "freshByFile" }, progress)
  if (options.json) yield* Console.log(printableJson(JSON.stringify(record.comparison, null, 2)))
}, Effect.scoped)
