/** A run of one cell of a sweep, wherever it happens. */
import { join } from "node:path"
import type { Effect } from "effect"
import type { Device } from "../../ops/tensor/engine.ts"
import { canonical } from "../../pipeline/print.ts"
import type { Plan } from "../plan/plan.ts"
import { threadsFor } from "../ranges/processes.ts"
import type { PartError } from "../ranges/task.ts"
import type { RunError } from "../run-error.ts"
import type { RunOptions } from "../running/runner.ts"
import type { Cell } from "./grid.ts"

/** How to run a sweep. */
export interface SweepOptions extends Partial<Pick<RunOptions, "cluster" | "processes" | "stage">> {
  readonly folder: string
  readonly fresh: boolean
  readonly json: boolean
}

/** The run folder of a cell. */
export const cellFolder = (folder: string, cell: Cell): string => join(folder, "cells", cell.name)

/**
 * The arguments of the command that runs a configuration in a folder.
 *
 * @param stage local folder for copies of stores
 */
export const argumentsOf = (
  file: string,
  set: ReadonlyArray<string>,
  folder: string,
  stage: string | undefined
): ReadonlyArray<string> => [
  file,
  ...set.flatMap((one) => ["--set", one]),
  ...["--out", folder],
  ...(stage === undefined ? [] : ["--stage", stage])
]

/** Runs of one kind may follow each other in one process: they open the same engine with the same settings. */
export const kindOf = ({ loaded }: Plan): string => {
  const { device, graph, precision, threads } = loaded.settings
  return canonical([device, graph ?? null, precision, threads ?? null])
}

/**
 * The value of `--set` for the threads of each of some cells that run at the same time; none if the file sets `threads`. On
 * WebAssembly the cells divide the processors, which changes no digit; on other engines it would, so each cell uses all of them.
 *
 * @param device that the cell will use
 * @param given threads that the user of this machine wants
 */
export const threadsOf = (
  { loaded: { settings }, translation }: Plan,
  device: Device,
  processes: number,
  given?: number | undefined
): ReadonlyArray<string> => {
  const divides = settings.threads === undefined && device === "wasm" && processes > 1
  const threads = given ?? (divides ? threadsFor(processes) : undefined)
  // A file of the original names its settings otherwise.
  return threads === undefined || translation !== undefined ? [] : [`threads=${threads}`]
}

/** A run of a cell; with `until`, it pauses after the validation of that epoch. */
export interface CellRun {
  readonly cell: Cell
  readonly plan: Plan
  readonly until: number | undefined
}

/** Runs a cell somewhere; gives its last lines if it failed. */
export type CellRunner = (run: CellRun) => Effect.Effect<ReadonlyArray<string> | undefined, RunError | PartError>
