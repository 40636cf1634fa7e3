/** The weights that the parameter `weights` of `embed` names. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import type { Batch } from "../../elements.ts"
import type { Model } from "../../model/model.ts"
import { CheckpointError, type WeightsError } from "../../model/model-error.ts"
import { mappingOf, type WeightsFile } from "../../model/params.ts"
import { bestPath, checkpointPath, newestEpoch } from "../../model/weights/checkpoints.ts"
import { type Needs, type RunWeights, startingWeights, weightsOfFile } from "../../model/weights/start.ts"
import { Run } from "../../run.ts"

/** Whether `weights` is one of the words that name no file. */
const isWord = (weights: WeightsFile): weights is "initial" | "newest" | "best" =>
  weights === "initial" || weights === "newest" || weights === "best"

/** Absolute path of the file that `weights` names; empty for the words `initial`, `newest` and `best`. */
export const namedFile = (weights: WeightsFile): ReadonlyArray<string> =>
  isWord(weights) ? [] : [resolve(mappingOf(weights).file)]

/**
 * @param named `newest`, `best`, `initial` or a file
 * @param batch first batch; the weights are put into the order of its bands and classes
 */
export const weightsFor = (
  named: WeightsFile,
  model: Model,
  batch: Batch,
  needs: Needs
): Effect.Effect<RunWeights, CheckpointError | WeightsError, Run> =>
  Effect.gen(function* () {
    if (named === "initial") return yield* startingWeights(model, batch, needs)
    if (!isWord(named)) return yield* weightsOfFile(mappingOf(named), model, batch, needs)
    const checkpoints = join((yield* Run).folder, "checkpoints")
    const epoch = named === "newest" ? yield* newestEpoch(checkpoints) : 0
    const file = epoch > 0 ? checkpointPath(checkpoints, epoch) : bestPath(checkpoints)
    if (epoch > 0 || (named === "best" && existsSync(file))) {
      return yield* weightsOfFile({ file }, model, batch, needs, true)
    }
    return yield* new CheckpointError({
      subject: checkpoints,
      problem: `holds no ${named === "best" ? "best " : ""}checkpoint`,
      remedy: `Run a pipeline with \`optimise\`, \`checkpoint\`${named === "best" ? ", `validate` and `best`" : ""} first, or name another file in \`weights\``
    })
  })
