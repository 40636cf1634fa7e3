/** Runs a cell of a sweep on a worker: the same command that a user would call in the shared folder. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Exit } from "effect"
import type { Device } from "../../ops/tensor/engine.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { explained } from "../../pipeline/explained.ts"
import { ConfigError } from "../../pipeline/fault.ts"
import { LOCK } from "../folder/lock-file.ts"
import type { Plan } from "../plan/plan.ts"
import { ChildDied } from "../ranges/children.ts"
import { cellLog, wantedFile } from "../ranges/part-files.ts"
import { PartError } from "../ranges/task.ts"
import { RunError } from "../run-error.ts"
import { argumentsOf, kindOf, threadsOf } from "../sweep/cell-run.ts"
import type { ChildRun, EndedRun } from "../sweep/child-run.ts"
import { pauseAfter } from "../sweep/halving.ts"
import { checkLog, note } from "./cell-log.ts"
import type { Answer, CellTask } from "./queues.ts"
import { checkInside, unpackedSet, unpackedText } from "./shared-paths.ts"

/** The run folder of a cell still belongs to a worker of another machine, which may be gone. */
export class CellLocked extends explained("CellLocked") {}

/** Time after which a locked cell is offered again. */
const LOCKED = "10 seconds"

export interface CellOptions {
  /** The shared folder, absolute and without links: paths of the plan are compared with it as texts. */
  readonly shared: string
  /** Id of the sweep that wants the cell. */
  readonly run: string
  /** Whether a run or a sweep still wants its answers. `folder` is its folder. */
  readonly wants: (run: string, folder: string) => Effect.Effect<boolean, PartError>
  /** Runs configurations in the shared folder, without the address of the database. */
  readonly runs: ChildRun
  readonly device: Device
  readonly threads: number | undefined
  readonly stage: string | undefined
  /** Cells that run at a time. */
  readonly processes: number
}

/** Settings of this machine, which change no result. */
const ownSettings = (plan: Plan, { device: own, processes, threads }: CellOptions): ReadonlyArray<string> => {
  const device = own === "auto" ? plan.loaded.settings.device : own
  return [...(own === "auto" ? [] : [`device=${String(own)}`]), ...threadsOf(plan, device, processes, threads)]
}

/** The plan is read here first, by this worker's own operators, and must name no path outside the shared folder. */
const checked = (cell: CellTask, file: string, set: ReadonlyArray<string>, shared: string) =>
  Effect.gen(function* () {
    const { makePlan } = yield* Effect.promise(() => import("../plan/plan.ts"))
    const plan = yield* attempt(
      RunError,
      ConfigError
    )(() => makePlan(file, set)).pipe(
      Effect.mapError(
        (cause) => new PartError({ subject: cell.name, problem: cause.message, remedy: "Correct the configuration" })
      )
    )
    yield* attempt(PartError)(() => checkInside(plan.configuration, shared, cell.name))
    return plan
  })

/** Notes that a cell begins, and how it ends, unless this worker vanishes meanwhile. */
const noted = <E, R>(log: string, wants: () => boolean, run: Effect.Effect<EndedRun, E, R>) =>
  Effect.andThen(
    Effect.sync(() => note(log, "begun")),
    Effect.onExit(run, (exit) =>
      Effect.sync(() => {
        if (wants()) note(log, Exit.isSuccess(exit) && exit.value.signal !== undefined ? "died" : "ended")
      })
    )
  )

/**
 * Runs a cell; undefined if nobody wants it any more. Fails with CellLocked if another run uses its folder, and with ChildDied
 * if its process died: in both cases, the cell should be tried again.
 */
export const runCell = (cell: CellTask, options: CellOptions) =>
  Effect.gen(function* () {
    const { run, shared } = options
    const here = (path: string) => resolve(shared, unpackedText(path, shared, cell.name))
    const given = yield* attempt(PartError)(() => ({
      ...{ file: here(cell.file), folder: here(cell.folder), sweep: here(cell.sweep) },
      set: unpackedSet(cell.set, shared, cell.name)
    }))
    if (!(yield* options.wants(run, given.sweep))) return undefined
    const wanted = wantedFile(given.sweep, run)
    const wants = () => existsSync(wanted)
    const plan = yield* checked(cell, given.file, given.set, shared)
    const log = cellLog(given.sweep, run, cell.key)
    yield* attempt(PartError)(() => checkLog(log, cell.name))
    const paused = pauseAfter(given.folder, cell.until)
    const running = options.runs(
      argumentsOf(given.file, [...given.set, ...ownSettings(plan, options)], given.folder, options.stage),
      () => {},
      { kind: kindOf(plan), stop: () => paused() || !wants() }
    )
    const { code, last, signal } = yield* noted(log, wants, running)
    if (!wants()) return undefined
    const done: Pick<Answer, "failure" | "last"> = {}
    if (code === 0 || (yield* attempt(RunError)(paused))) return done
    if (signal !== undefined) {
      return yield* new ChildDied({ subject: cell.name, problem: `its process ended (${signal})`, remedy: "" })
    }
    if (existsSync(join(given.folder, LOCK)) && last.some((line) => line.includes(LOCK))) {
      yield* Effect.sleep(LOCKED)
      return yield* new CellLocked({ subject: cell.name, problem: "its folder is in use", remedy: "" })
    }
    return { ...done, failure: { subject: cell.name, problem: "failed", remedy: "" }, last }
  })
