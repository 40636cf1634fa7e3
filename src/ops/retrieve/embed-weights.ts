/** The weights that `embed` is told to take. */
import { join, resolve } from "node:path"
import { Effect } from "effect"
import type { Batch, NamedArray } from "../elements.ts"
import type { Model } from "../model/model.ts"
import { startingWeights, weightsOfFile } from "../model/start.ts"
import type { WeightsError } from "../model/weights.ts"
import { Run } from "../run.ts"
import { CheckpointError, checkpointPath, newestEpoch } from "../train/checkpoints.ts"

/**
 * @param named `newest`, `initial` or a file
 * @param batch whose bands and classes the weights are to serve
 */
export const weightsFor = (
  named: string,
  model: Model,
  batch: Batch
): Effect.Effect<ReadonlyArray<NamedArray>, CheckpointError | WeightsError, Run> =>
  Effect.gen(function* () {
    if (named === "initial") return yield* startingWeights(model, batch)
    if (named !== "newest") return yield* weightsOfFile(resolve(named), model, batch)
    const { folder } = yield* Run
    const checkpoints = join(folder, "checkpoints")
    const epoch = yield* newestEpoch(checkpoints)
    if (epoch > 0) return yield* weightsOfFile(checkpointPath(checkpoints, epoch), model, batch, true)
    return yield* new CheckpointError({
      subject: checkpoints,
      problem: "holds no checkpoint",
      remedy: "Run a pipeline with `optimise` and `checkpoint` first, or name another file in `weights`"
    })
  })
