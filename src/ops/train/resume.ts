/** Whether training can go on from a checkpoint: what the file says of itself, against what is to be trained. */
import { few } from "../../pipeline/words.ts"
import type { NetworkFacts } from "../elements.ts"
import type { Model } from "../model/model.ts"
import { checkWeights } from "../model/weights.ts"
import type { EpochEnd } from "./checkpoints.ts"
import { TrainError } from "./errors.ts"
import { type OptimiserName, optimisers } from "./optimisers.ts"

/** What is to be trained. */
export interface Wanted {
  readonly model: Model
  readonly optimiser: OptimiserName
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

const momentsApart = ({ state }: EpochEnd, optimiser: OptimiserName): ReadonlyArray<string> =>
  optimisers[optimiser].moments
    .filter((moment) => !state.moments.some(({ name }) => name.startsWith(`${moment}/`)))
    .map((moment) => `no moments \`${moment}\`, which ${optimiser} needs`)

/**
 * @param path the checkpoint's file
 * @throws TrainError naming the file and all that differs
 * @throws WeightsError where its arrays are not those that it should hold
 */
export const checkResumed = (path: string, from: EpochEnd, { data, model, optimiser, seed }: Wanted): void => {
  const { network, seed: had, weights } = from.state
  const apart = [
    ...(had === seed ? [] : [`seed ${had}, not ${seed}`]),
    ...networkApart(network.model, model.params),
    ...(data === undefined ? [] : namesApart("bands", network.bands, data.bands)),
    ...(data === undefined ? [] : namesApart("classes", network.classes, data.classes)),
    ...momentsApart(from, optimiser)
  ]
  if (apart.length > 0) {
    throw new TrainError({
      subject: path,
      problem: `is of another training: ${apart.join("; ")}`,
      remedy: "Put this run's own checkpoint in its place, or start anew with `--fresh`"
    })
  }
  checkWeights(model, weights, path)
}
