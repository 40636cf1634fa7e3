/** The command for a file with `sweep:`: it checks the whole grid, shows it, or runs it. */
import { join } from "node:path"
import { Console, Effect } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { ConfigError } from "../../pipeline/fault.ts"
import { printableLines } from "../../pipeline/words.ts"
import { fromHome } from "../../pipeline/yaml/environment.ts"
import { versions } from "../command/versions.ts"
import { RunError } from "../run-error.ts"
import { makeProgress, stderrScreen } from "../running/progress.ts"
import type { RunOptions } from "../running/runner.ts"
import { planSweep, showSweep } from "./plan-sweep.ts"
import { runSweep } from "./run-sweep.ts"
import type { readSweep } from "./sweep-file.ts"

/** Who runs cells, and the local folder for copies of stores. */
export type Workers = Pick<RunOptions, "cluster" | "processes" | "stage">

interface Given {
  readonly check: boolean
  readonly fresh: boolean
  readonly json: boolean
  readonly out: string | undefined
}

/** Runs, or with `--check` shows, a sweep. */
export const sweepCommand = Effect.fnUntraced(function* (
  { cells, sweep }: NonNullable<ReturnType<typeof readSweep>>,
  { check, fresh, json, out }: Given,
  workers: Workers
) {
  const made = yield* attempt(ConfigError, RunError)(() => planSweep(sweep, cells))
  if (check) return yield* Console.log(printableLines(showSweep(made)))
  const folder = out === undefined ? join("outputs", sweep.experiment) : fromHome(out)
  const progress = makeProgress(stderrScreen())
  progress.say(`orbitrank ${versions.orbitrank}: ${sweep.file}, a sweep of ${sweep.of}, into ${folder}`)
  yield* runSweep(made, { folder, fresh, json, ...workers }, progress).pipe(
    Effect.onInterrupt(() => Effect.sync(() => progress.say("Interrupted. The same command runs what is missing.")))
  )
})
