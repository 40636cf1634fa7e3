import { Effect, Exit, Fiber } from "effect"
import { expect } from "vitest"
import { makePlan } from "../../../src/experiments/plan/plan.ts"
import { makeProgress } from "../../../src/experiments/running/progress.ts"
import { runPlan } from "../../../src/experiments/running/runner.ts"
import type { Running } from "../../../src/pipeline/watch.ts"

/** Runs until so many ranges are made, and is interrupted then. */
export const runUntil = async (file: string, set: ReadonlyArray<string>, folder: string, ranges: number) => {
  const { watcher, ...progress } = makeProgress({ terminal: false, columns: () => 80, write: () => {}, now: () => 0 })
  const noted = (stage: Running, words: string) => {
    if (words.startsWith(`${ranges} of`)) fiber.interruptUnsafe()
    watcher.noted(stage, words)
  }
  const run = runPlan(
    makePlan(file, set),
    { folder, only: undefined, begins: "continue" },
    { ...progress, watcher: { ...watcher, noted } }
  )
  const fiber = Effect.runFork(run)
  expect(Exit.isSuccess(await Effect.runPromise(Fiber.await(fiber)))).toBe(false)
}
