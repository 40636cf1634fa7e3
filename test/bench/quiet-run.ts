/** A run for operators that are measured: it says and records nothing. */
import { Effect, Layer } from "effect"
import { Run } from "../../src/ops/run.ts"

/** @param folder where everything goes that the operators write */
export const quietRun = (folder: string): Layer.Layer<Run> =>
  Layer.succeed(Run, {
    folder,
    root: folder,
    seed: 24,
    experiment: "bench",
    say: () => Effect.void,
    record: () => Effect.void,
    wrote: () => Effect.void,
    uses: () => Effect.void
  })
