/** Whether training can go on from a checkpoint: what the file says of itself, against what is to be trained. */
import { isDeepStrictEqual } from "node:util"
import { few } from "../../pipeline/words.ts"
import type { NetworkFacts } from "../elements.ts"
import type { Model } from "../model/model.ts"
import { damagedCheckpoint, type EpochEnd } from "../model/weights/checkpoints.ts"
import { checkWeights } from "../model/weights/tensors.ts"
import { momentsOf, type OptimiserName } from "./optimisers.ts"
import { TrainError } from "./train-error.ts"

/** What is to be trained. */
export interface Wanted {
  readonly model: Model
  /** Parameters of `optimise`. */
  readonly configuration: Readonly<Record<string, unknown>> & { readonly optimizer: OptimiserName }
  readonly seed: number
  /** Bands and classes of the first batch; none where nothing is left to train. */
  readonly data: Pick<NetworkFacts, "bands" | "classes"> | undefined
}

const without = (some: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> =>
  some.filter((name) => !others.includes(name))

/** Names that the file has and the data have not, or the other way round, or another order of the same. */
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

/** Parameters that an older program did not write count as equal. */
const networkApart = (had: NetworkFacts["model"], has: NetworkFacts["model"]): ReadonlyArray<string> =>
  Object.keys(had)
    .filter((key) => Object.hasOwn(has, key) && String(had[key]) !== String(has[key]))
    .map((key) => `${key} ${had[key]}, not ${has[key]}`)

/** Parameters of `optimise` but the network's; those that one program alone knows count as equal. */
const configurationApart = (
  had: Readonly<Record<string, unknown>>,
  has: Readonly<Record<string, unknown>>
): ReadonlyArray<string> =>
  Object.keys(had)
    .filter((key) => key !== "model" && has[key] !== undefined && !isDeepStrictEqual(had[key], has[key]))
    .map((key) => `${key} ${JSON.stringify(had[key])}, not ${JSON.stringify(has[key])}`)

/** @throws CheckpointError where moments are not just those of the network's weights */
const checkMoments = (path: string, { state }: EpochEnd, { configuration, model }: Wanted): void => {
  const given = new Map(state.moments.map((array) => [array.name, array]))
  for (const { name, shape } of momentsOf(model.parameters, configuration.optimizer)) {
    const found = given.get(name)
    if (found === undefined)
      throw damagedCheckpoint(path, `has no moment ${name}, which ${configuration.optimizer} needs`)
    if (found.shape.join() !== shape.join()) {
      throw damagedCheckpoint(path, `moment ${name} is [${found.shape.join(", ")}], its weight [${shape.join(", ")}]`)
    }
    given.delete(name)
  }
  const [left] = given.keys()
  if (left !== undefined)
    throw damagedCheckpoint(path, `has a moment ${left}, which ${configuration.optimizer} does not know`)
}

/**
 * @param path the checkpoint's file
 * @throws TrainError naming the file and all that differs
 * @throws WeightsError where its weights are not those that it should hold
 * @throws CheckpointError where its moments are not
 */
export const checkResumed = (path: string, from: EpochEnd, wanted: Wanted): void => {
  const { configuration, data, model, seed } = wanted
  const { network, seed: had, weights } = from.state
  const apart = [
    ...(had === seed ? [] : [`seed ${had}, not ${seed}`]),
    ...networkApart(network.model, model.params),
    ...(data === undefined ? [] : namesApart("bands", network.bands, data.bands)),
    ...(data === undefined ? [] : namesApart("classes", network.classes, data.classes)),
    ...configurationApart(from.state.configuration, configuration)
  ]
  if (apart.length > 0) {
    throw new TrainError({
      subject: path,
      problem: `is of another training: ${apart.join("; ")}`,
      remedy: "Put this run's own checkpoint in its place, or start anew with `--fresh`"
    })
  }
  checkWeights(model, weights, path)
  checkMoments(path, from, wanted)
}
