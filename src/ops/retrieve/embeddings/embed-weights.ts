/** The weights that `embed` is told to take. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import type { Batch } from "../../elements.ts"
import type { Model } from "../../model/model.ts"
import { CheckpointError, type WeightsError } from "../../model/model-error.ts"
import { bestPath, checkpointPath, newestEpoch } from "../../model/weights/checkpoints.ts"
import { type RunWeights, startingWeights, weightsOfFile } from "../../model/weights/start.ts"
import { Run } from "../../run.ts"

/** Absolute path of the file that `weights` names; empty for the words that it may be instead. */
export const namedFile = (weights: string): ReadonlyArray<string> =>
  ["initial", "newest", "best"].includes(weights) ? [] : [resolve(weights)]

/**
 * @param named `newest`, `best`, `initial` or a file
 * @param batch whose bands and classes the weights are to serve
 */
export const weightsFor = (
  named: string,
  model: Model,
  batch: Batch
): Effect.Effect<RunWeights, CheckpointError | WeightsError, Run> =>
  Effect.gen(function* () {
    if (named === "initial") return yield* startingWeights(model, batch)
    const { folder } = yield* Run
    const [path] = namedFile(named)
    if (path !== undefined) return yield* weightsOfFile(path, model, batch)
    const checkpoints = join(folder, "checkpoints")
    const epoch = named === "newest" ? yield* newestEpoch(checkpoints) : 0
    const file = epoch > 0 ? checkpointPath(checkpoints, epoch) : bestPath(checkpoints)
    if (epoch > 0 || (named === "best" && existsSync(file))) return yield* weightsOfFile(file, model, batch, true)
    return yield* new CheckpointError({
      subject: checkpoints,
      problem: `holds no ${named === "best" ? "best " : ""}checkpoint`,
      remedy: `Run a pipeline with \`optimise\`, \`checkpoint\`${named === "best" ? ", `validate` and `best`" : ""} first, or name another file in \`weights\``
    })
  })
