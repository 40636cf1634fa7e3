/** What a file of weights and its user say of it, against the network and the run that it is to serve. */

import type { Model } from "../model.ts"
import { agreed, originalBands, placesOf, placesOfBands, RGB } from "./arrange.ts"
import type { FileFacts } from "./facts.ts"
import type { Chosen, Naming } from "./names.ts"
import { FileFault } from "./source.ts"

/** What a user says of a file that it does not say itself, and which of its arrays are meant. */
export interface Said extends Chosen {
  /** Key of the state dict in a PyTorch file, as `state_dict_ema`; keys within keys are joined by dots. */
  readonly key?: string
  /** Names of its input channels, in order. */
  readonly bands?: ReadonlyArray<string>
  /** Its classes in order; `alphabetical`: ours, sorted by code point. */
  readonly classes?: "alphabetical" | ReadonlyArray<string>
  /** What of the file is left out. */
  readonly skip?: "head"
}

/** What goes in and comes out of a network in this run. */
export interface Target {
  readonly bands: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
}

/** What was found out of an order: places of ours in the file, or that the three colours of the file serve other bands. */
export interface Order {
  readonly file: ReadonlyArray<string>
  readonly places: ReadonlyArray<number> | undefined
}

/** @throws FileFault where the order of the file's bands is not known, or is of other bands than the run's */
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

/** Class names in the file's order, as the user or the file gives them. @throws FileFault if both do, and differ */
export const namedClasses = ({ classes, skip }: Said, facts: FileFacts): ReadonlyArray<string> | undefined =>
  skip === "head" ? undefined : agreed("classes", classes === "alphabetical" ? undefined : classes, facts.classes)

/** @throws FileFault where the classes of the file are others than the run's */
export const orderOfClasses = (said: Said, facts: FileFacts, target: Target | undefined): Order | undefined => {
  // Images without labels, as those that are searched for, have no classes that could be others.
  if (target === undefined || target.classes.length === 0 || said.skip === "head") return undefined
  const named = said.classes === "alphabetical" ? [...target.classes].sort() : said.classes
  const file = agreed("classes", named, facts.classes)
  if (file === undefined) return undefined
  const places = placesOf(target.classes, file)
  if (places !== undefined) return { file, places }
  const other =
    target.classes.find((name) => !file.includes(name)) ?? file.find((name) => !target.classes.includes(name))
  throw new FileFault(
    `knows ${file.length} classes, and labels here are of ${target.classes.length}; ${other} is not among both`
  )
}

/** Parameters of the head; another head may stand on the same backbone. */
const OF_HEAD = ["pooling", "parts", "part_dim", "embedding_dim"]
/** What is compared array by array, or by names. */
const COMPARED = ["channels", "num_classes", "output_stride"]
/** Quirks of the original change what an EfficientNet computes, and no other network. */
const freeOfQuirks = ({ params: { backbone } }: Model) => (backbone.startsWith("efficientnet-") ? [] : ["compat"])

/** @throws FileFault where the file says that its network is another */
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
