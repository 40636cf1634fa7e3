/** Orders of bands and classes, and architecture: statements of a file and its user, compared with network and run. */
import type { Model } from "../model.ts"
import { agreed, originalBands, placesOf, placesOfBands, RGB } from "./arrange.ts"
import type { FileFacts } from "./facts.ts"
import type { Chosen, Naming } from "./names.ts"
import { FileFault } from "./source.ts"

/** A user's statements about a file: facts that it does not state itself, and a choice among its arrays. */
export interface Said extends Chosen {
  /** Key of the state dict in a PyTorch file, such as `state_dict_ema`; nested keys are joined by dots. */
  readonly key?: string
  /** Names of its input channels, in order. */
  readonly bands?: ReadonlyArray<string>
  /** Its classes in order; `alphabetical`: those of the run, sorted by code point. */
  readonly classes?: "alphabetical" | ReadonlyArray<string>
  /** Part of the network that is not loaded. */
  readonly skip?: "head"
}

/** Bands and classes of a run. */
export interface Target {
  readonly bands: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
}

/** An order of a file. `places` are the positions of our names in it; without them, its three colours serve other bands. */
export interface Order {
  readonly file: ReadonlyArray<string>
  readonly places: ReadonlyArray<number> | undefined
}

/**
 * Order of the bands of a file, compared with the run.
 *
 * @param shape shape of the first filter in the file
 * @throws FileFault if the order is unknown, or if the file has other bands than the run
 */
export const orderOfBands = (
  shape: ReadonlyArray<number>,
  naming: Naming,
  said: Said,
  facts: FileFacts,
  target: Target | undefined
): Order | undefined => {
  const [, count] = shape
  const customary = count === 3 ? RGB : naming === "own" ? originalBands(count) : undefined
  const file = agreed("bands", said.bands, facts.bands) ?? customary
  if (file === undefined && (naming === "library" || target !== undefined)) {
    throw new FileFault(
      `has a first filter of ${count} bands, and does not say in which order; give the file as \`{ file: FILE, bands: [B02, B03, ...] }\``
    )
  }
  if (file === undefined || target === undefined) return undefined
  if (file.length !== count) throw new FileFault(`has a first filter of ${count} bands, not of ${file.join(", ")}`)
  const places = placesOfBands(target.bands, file)
  if (places !== undefined || placesOfBands(RGB, file) !== undefined) return { file, places }
  throw new FileFault(`takes the bands ${file.join(", ")}, but images here have ${target.bands.join(", ")}`)
}

/** Class names in the file's order, as the user or the file states them. @throws FileFault if both do, and they differ */
export const namedClasses = ({ classes, skip }: Said, facts: FileFacts): ReadonlyArray<string> | undefined =>
  skip === "head" ? undefined : agreed("classes", classes === "alphabetical" ? undefined : classes, facts.classes)

/** Order of the classes of a file, compared with the run. @throws FileFault if the file has other classes than the run */
export const orderOfClasses = (said: Said, facts: FileFacts, target: Target | undefined): Order | undefined => {
  // Images without labels, such as queries of a search, have no classes to compare.
  if (target === undefined || target.classes.length === 0 || said.skip === "head") return undefined
  const named = said.classes === "alphabetical" ? [...target.classes].sort() : said.classes
  const file = agreed("classes", named, facts.classes)
  if (file === undefined) return undefined
  const places = placesOf(target.classes, file)
  if (places !== undefined) return { file, places }
  const other =
    target.classes.find((name) => !file.includes(name)) ?? file.find((name) => !target.classes.includes(name))
  throw new FileFault(
    `knows ${file.length} classes, but the labels here have ${target.classes.length}; ${other} is in only one of the two lists`
  )
}

/** Parameters of the head, which are free if the file's head is not loaded. */
const OF_HEAD = ["pooling", "parts", "part_dim", "embedding_dim"]
/** Parameters that are compared by the shapes of arrays, or by names. */
const COMPARED = ["channels", "num_classes", "output_stride"]
/** `compat` changes the embeddings of EfficientNets alone. */
const freeOfQuirks = ({ params: { backbone } }: Model) => (backbone.startsWith("efficientnet-") ? [] : ["compat"])

/** @throws FileFault if the file states another network */
export const checkArchitecture = (
  model: Model,
  { architecture }: FileFacts,
  said: Said,
  more: ReadonlyArray<string>
) => {
  const free = [
    ...COMPARED.filter((key) => !more.includes(key)),
    ...(said.skip === "head" ? OF_HEAD : []),
    ...freeOfQuirks(model)
  ]
  const here: Readonly<Record<string, string | number>> = model.params
  const other = Object.keys(architecture).filter(
    (key) => Object.hasOwn(here, key) && !free.includes(key) && String(here[key]) !== String(architecture[key])
  )
  if (other.length === 0) return
  const differences = other.map((key) => `${key} ${architecture[key]}, not ${here[key]}`).join("; ")
  throw new FileFault(`was trained with another network: ${differences}`)
}
