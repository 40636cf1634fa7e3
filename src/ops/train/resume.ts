/** Checks whether training can continue from a checkpoint, by comparing the file with the training. */
import { isDeepStrictEqual } from "node:util"
import { few } from "../../pipeline/words.ts"
import type { NetworkFacts } from "../elements.ts"
import { factsOf, type ModelFacts } from "../model/architecture.ts"
import type { Model } from "../model/model.ts"
import { damagedCheckpoint, type EpochEnd } from "../model/weights/checkpoints.ts"
import { checkWeights } from "../model/weights/tensors.ts"
import { isRaw, rawArrays } from "./averages.ts"
import { type CrossBatchOptions, isRemembered } from "./cross-batch.ts"
import { isLearned, learnedArrays } from "./learned.ts"
import { type LossParams, learnedOf } from "./losses.ts"
import { momentsOf, type OptimiserChoice } from "./optimisers.ts"
import { type PartParams, parted } from "./part-rates.ts"
import { TrainError } from "./train-error.ts"

/** The training that would continue. */
export interface Wanted {
  readonly model: Model
  /** Parameters of `optimise`, as decoded. */
  readonly configuration: Readonly<Record<string, unknown>> &
    PartParams & {
      readonly optimizer: OptimiserChoice
      readonly ema: number | undefined
      readonly metric_loss: LossParams["metric_loss"]
      readonly xbm: CrossBatchOptions | undefined
    }
  /** Brings parameters of `optimise` that an earlier version recorded into the form of this one. */
  readonly recorded: (configuration: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
  readonly seed: number
  /** Bands and classes of the first batch; undefined if nothing is left to train. */
  readonly data: Pick<NetworkFacts, "bands" | "classes"> | undefined
}

const without = (some: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> =>
  some.filter((name) => !others.includes(name))

/**
 * Describes how two lists of names differ.
 *
 * @param had names in the file
 * @param has names in the data
 * @example
 * namesApart("bands", ["B02", "B03"], ["B02", "B04"]) // => ["bands B03, not B04"]
 * namesApart("bands", ["a"], ["a"]) // => []
 */
export const namesApart = (
  what: string,
  had: ReadonlyArray<string>,
  has: ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (had.join("\n") === has.join("\n")) return []
  const [more, fewer] = [without(had, has), without(has, had)]
  if (more.length === 0 && fewer.length === 0) return [`${what} in the order ${few(had)}, not ${few(has)}`]
  if (more.length === 0) return [`${what} ${few(fewer)} missing`]
  return [`${what} ${few(more)}${fewer.length === 0 ? " too many" : `, not ${few(fewer)}`}`]
}

/** Network parameters that differ; one that an earlier version did not record had its default. */
const networkApart = (had: NetworkFacts["model"], has: NetworkFacts["model"]): ReadonlyArray<string> => {
  const { backbone, channels, num_classes, pooling } = has as unknown as ModelFacts
  const before: NetworkFacts["model"] = { ...factsOf({ backbone, channels, num_classes, pooling }), ...had }
  return Object.keys(has)
    .filter((key) => Object.hasOwn(before, key) && String(before[key]) !== String(has[key]))
    .map((key) => `${key} ${before[key]}, not ${has[key]}`)
}

type Leaf = readonly [path: string, value: unknown]

/** Values by their dotted paths; the path of a choice holds its name: `optimizer`, `optimizer.momentum`. */
const leavesOf = (value: unknown, path: string): ReadonlyArray<Leaf> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]]
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "name" ? [[path, inner] as const] : leavesOf(inner, `${path}.${key}`)
  )
}

/** Parameters of `optimise` that differ, but for the network's; those that this version does not know count as equal. */
const configurationApart = (
  had: Readonly<Record<string, unknown>>,
  has: Readonly<Record<string, unknown>>
): ReadonlyArray<string> =>
  Object.keys(has)
    .filter((key) => key !== "model" && !isDeepStrictEqual(had[key], has[key]))
    .flatMap((key) => {
      const before = new Map(leavesOf(had[key], key))
      const now = leavesOf(has[key], key).filter(([path, value]) => !isDeepStrictEqual(before.get(path), value))
      // Another choice has other parameters; its name says enough.
      const shown = now.some(([path]) => path === key) ? now.filter(([path]) => path === key) : now
      return shown.map(([path, value]) => `${path} ${JSON.stringify(before.get(path))}, not ${JSON.stringify(value)}`)
    })

/** The parameter of `optimise` that needs an array beside the weights. */
const ownerOf = (name: string, { metric_loss, optimizer }: Wanted["configuration"]): string => {
  if (isRaw(name)) return "`ema`"
  const [key, choice] = isLearned(name) ? (["metric_loss", metric_loss] as const) : (["optimizer", optimizer] as const)
  return `\`${key}: ${typeof choice === "string" ? choice : choice.name}\``
}

/** @throws CheckpointError if the moments are not exactly those of the trained weights */
const checkMoments = (path: string, { state }: EpochEnd, { configuration, model }: Wanted): void => {
  const given = new Map(state.moments.map((array) => [array.name, array]))
  const { parameters } = parted(model, configuration)
  const { ema, metric_loss, optimizer: choice, xbm } = configuration
  const learned = learnedOf(metric_loss, { classes: model.params.num_classes, dim: model.dim })
  const wanted = [...momentsOf(parameters, choice), ...rawArrays(parameters, ema), ...learnedArrays(learned, choice)]
  if (xbm !== undefined) for (const name of [...given.keys()].filter(isRemembered)) given.delete(name)
  for (const { name, shape } of wanted) {
    const found = given.get(name)
    if (found === undefined)
      throw damagedCheckpoint(path, `has no array ${name}, which ${ownerOf(name, configuration)} needs`)
    if (found.shape.join() !== shape.join()) {
      throw damagedCheckpoint(
        path,
        `array ${name} has the shape [${found.shape.join(", ")}], not [${shape.join(", ")}]`
      )
    }
    given.delete(name)
  }
  const [left] = given.keys()
  if (left !== undefined) throw damagedCheckpoint(path, `has an array ${left}, which this training does not use`)
}

/**
 * Checks that a checkpoint belongs to a training.
 *
 * @param path the file of the checkpoint
 * @throws TrainError naming the file and every difference
 * @throws WeightsError if its weights are not those of the network
 * @throws CheckpointError if its moments are not those of the optimiser
 */
export const checkResumed = (path: string, from: EpochEnd, wanted: Wanted): void => {
  const { configuration, data, model, recorded, seed } = wanted
  const { network, seed: had, weights } = from.state
  const apart = [
    ...(had === seed ? [] : [`seed ${had}, not ${seed}`]),
    ...networkApart(network.model, model.params),
    ...(data === undefined ? [] : namesApart("bands", network.bands, data.bands)),
    ...(data === undefined ? [] : namesApart("classes", network.classes, data.classes)),
    ...configurationApart(recorded(from.state.configuration), configuration)
  ]
  if (apart.length > 0) {
    throw new TrainError({
      subject: path,
      problem: `belongs to another training run: ${apart.join("; ")}`,
      remedy: "Restore the checkpoint of this run, or start anew with `--fresh`"
    })
  }
  checkWeights(model, weights, path)
  checkMoments(path, from, wanted)
}
