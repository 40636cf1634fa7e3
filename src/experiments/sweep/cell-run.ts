/** A run of one cell of a sweep, wherever it happens. */
import { join } from "node:path"
import type { Effect } from "effect"
import { canonical } from "../../pipeline/print.ts"
import type { Plan } from "../plan/plan.ts"
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

/** A run of a cell; with `until`, it pauses after the validation of that epoch. */
export interface CellRun {
  readonly cell: Cell
  readonly plan: Plan
  readonly until: number | undefined
}

/** Runs a cell somewhere; gives its last lines if it failed. */
export type CellRunner = (run: CellRun) => Effect.Effect<ReadonlyArray<string> | undefined, RunError | PartError>
