/** The weights that the parameter `weights` of `embed` names. */
import { existsSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { completed, mappingOf } from "../../model/architecture.ts"
import type { Target } from "../../model/load/orders.ts"
import type { Model } from "../../model/model.ts"
import { CheckpointError, WeightsError } from "../../model/model-error.ts"
import { type GivenModel, type ModelParams, pretrainedFile, type WeightsFile } from "../../model/params.ts"
import { bestPath, checkpointPath, newestEpoch } from "../../model/weights/checkpoints.ts"
import { describeWeights, statedParams } from "../../model/weights/network-file.ts"
import { type Needs, type RunWeights, startingWeights, weightsOfFile } from "../../model/weights/start.ts"
import { Run } from "../../run.ts"

/** Begins the name of one checkpoint of the run, in place of `newest` or `best`, so that all ranges embed with the same one. */
const CHECKPOINT = "checkpoint:"

/** Whether `weights` is `initial`, or names a checkpoint of the run. */
const isWord = (weights: WeightsFile): weights is string =>
  typeof weights === "string" && (["initial", "newest", "best"].includes(weights) || weights.startsWith(CHECKPOINT))

/** Absolute path of the file that `weights` names; empty for the words `initial`, `newest` and `best`. */
export const namedFile = (weights: WeightsFile): ReadonlyArray<string> =>
  isWord(weights) ? [] : [resolve(mappingOf(weights).file)]

/** The checkpoint of the run that a word names. */
const checkpointOf = Effect.fnUntraced(function* (named: string) {
  const checkpoints = join((yield* Run).folder, "checkpoints")
  if (named.startsWith(CHECKPOINT)) return join(checkpoints, basename(named.slice(CHECKPOINT.length)))
  const epoch = named === "newest" ? yield* newestEpoch(checkpoints) : 0
  const file = epoch > 0 ? checkpointPath(checkpoints, epoch) : bestPath(checkpoints)
  if (epoch > 0 || (named === "best" && existsSync(file))) return file
  return yield* new CheckpointError({
    subject: checkpoints,
    problem: `holds no ${named === "best" ? "best " : ""}checkpoint`,
    remedy: `Run a pipeline with \`optimise\`, \`checkpoint\`${named === "best" ? ", `validate` and `best`" : ""} first, or name another file in \`weights\``
  })
})

/**
 * The parameters of `embed` with `newest` and `best` replaced by the checkpoint that they name now, and the files that hold
 * the weights.
 */
export const settledWeights = <P extends { readonly weights: WeightsFile; readonly model: GivenModel | undefined }>(
  params: P
): Effect.Effect<{ readonly params: P; readonly files: ReadonlyArray<string> }, CheckpointError, Run> =>
  Effect.gen(function* () {
    const { model, weights } = params
    if (weights === "initial") return { params, files: model === undefined ? [] : pretrainedFile(model) }
    if (!isWord(weights)) return { params, files: namedFile(weights) }
    const file = yield* checkpointOf(weights)
    return { params: { ...params, weights: `${CHECKPOINT}${basename(file)}` }, files: [file] }
  })

/**
 * The network to embed with. Parameters that the configuration omits are those that the weights state, or else those of the
 * data.
 */
export const networkOf = (
  given: GivenModel | undefined,
  named: WeightsFile,
  batch: Target
): Effect.Effect<ModelParams, CheckpointError | WeightsError, Run> =>
  Effect.gen(function* () {
    if (given !== undefined && named === "initial") return completed(given, batch)
    if (given?.channels !== undefined && given.num_classes !== undefined) return completed(given, batch)
    const file = isWord(named) ? yield* checkpointOf(named) : named
    if (given === undefined) return yield* attempt(WeightsError)(() => statedParams(file))
    const { params } = yield* attempt(WeightsError)(() => describeWeights(file))
    return params === undefined
      ? completed(given, batch)
      : { ...given, channels: given.channels ?? params.channels, num_classes: given.num_classes ?? params.num_classes }
  })

/**
 * Loads the weights for a model.
 *
 * @param named `newest`, `best`, `initial` or a file
 * @param batch bands and classes of the first batch; the weights are put into the order of its bands and classes
 */
export const weightsFor = (
  named: WeightsFile,
  model: Model,
  batch: Target,
  needs: Needs
): Effect.Effect<RunWeights, CheckpointError | WeightsError, Run> =>
  Effect.gen(function* () {
    if (named === "initial") return yield* startingWeights(model, batch, needs)
    if (!isWord(named)) return yield* weightsOfFile(mappingOf(named), model, batch, needs)
    return yield* weightsOfFile({ file: yield* checkpointOf(named) }, model, batch, needs, true)
  })
