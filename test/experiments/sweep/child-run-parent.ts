/** A program that runs `run.ts` with its own arguments. */
import { Effect } from "effect"
import { childRun } from "../../../src/experiments/sweep/child-run.ts"

await Effect.runPromise(childRun(process.argv.slice(2), () => {}))
