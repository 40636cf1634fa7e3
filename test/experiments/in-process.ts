/** Runs a configuration without a child process: what is wrong with it, or what the run said and recorded. */
import { Effect, Result } from "effect"
import { makePlan } from "../../src/experiments/plan/plan.ts"
import { makeProgress } from "../../src/experiments/running/progress.ts"
import { runPlan } from "../../src/experiments/running/runner.ts"

export interface RanHere {
  readonly said: string
  readonly folder: string
  readonly results: unknown
  /** Empty where all went well. */
  readonly error: string
}

export const runHere = async (
  file: string,
  set: ReadonlyArray<string> = [],
  options: { readonly out?: string; readonly fresh?: boolean; readonly processes?: number } = {}
): Promise<RanHere> => {
  let said = ""
  const progress = makeProgress({ terminal: false, columns: () => 80, write: (text) => (said += text), now: () => 0 })
  const plan = makePlan(file, set)
  const folder = options.out ?? plan.folder
  const run = runPlan(
    plan,
    { folder, only: undefined, begins: options.fresh === true ? "fresh" : "continue", processes: options.processes },
    progress
  )
  const result = await Effect.runPromise(Effect.result(run))
  return Result.isSuccess(result)
    ? { said, folder, results: result.success.results, error: "" }
    : { said, folder, results: undefined, error: result.failure.message }
}
