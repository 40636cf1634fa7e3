/** Chooses the values of a configuration for what a folder holds. Pure. */
import type { Found } from "./look.ts"

/** The values of a configuration, each with the reason for it where it is not obvious. */
export interface Proposal {
  /** `bands` of `read`. */
  readonly bands: string | ReadonlyArray<string>
  readonly channels: number
  /** `by` of `normalise`; `undefined` if constants are computed first. */
  readonly constants: string | undefined
  /** Rows and columns that images are brought to. */
  readonly size: number
  /** Whether images must be resized. */
  readonly resized: boolean
  readonly batch: number
  readonly epochs: number
  /** Whether the archive's own split is used, and whether a validation split is drawn from its training patches. */
  readonly split: "own" | "own without val" | "drawn"
  /** Lines for the reader of the file. */
  readonly remarks: ReadonlyArray<string>
}

/** Images are reduced to this edge, so that a first training takes minutes. */
const LARGEST = 128

/** The smallest edge from which a network of stride 32 makes a feature map. */
const SMALLEST = 32

const RGB = ["Red", "Green", "Blue"]
const isKind = ({ what }: Found, ...kinds: ReadonlyArray<string>): boolean =>
  "archive" in what && kinds.includes(what.archive)

const bandsOf = ({ pixels }: Found): Pick<Proposal, "bands" | "channels"> => {
  const [{ names }] = pixels
  const has = (some: ReadonlyArray<string>) => some.every((name) => names.includes(name))
  const ten = ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]
  if (has(ten)) return { bands: "s2-10m+20m", channels: 10 }
  if (has(RGB)) return { bands: "rgb", channels: 3 }
  const every = pixels.every((one) => one.names.join() === names.join())
  return every ? { bands: "all", channels: names.length } : { bands: [...names], channels: names.length }
}

const constantsOf = (found: Found, bands: Proposal["bands"]): string | undefined => {
  if (bands === "s2-10m+20m" && isKind(found, "bigearthnet")) return "bigearthnet"
  if (bands === "s2-10m+20m" && isKind(found, "bigearthnet-v2")) return "bigearthnet-v2"
  return undefined
}

const splitOf = ({ splits }: Found): Proposal["split"] =>
  splits.has("train") && splits.has("test") ? (splits.has("val") ? "own" : "own without val") : "drawn"

const remarksOf = ({ classes, labels, pixels }: Found, channels: number): ReadonlyArray<string> => [
  ...(pixels.length > 1 && pixels.some(({ names }) => names.length !== pixels[0].names.length)
    ? [`Images differ in their bands (${pixels.map(({ names }) => names.length).join(", ")}): the first kind is used`]
    : []),
  ...(labels[1] === 1 && classes.length > 1
    ? ["Each image has one label: relevant images are those of the same class"]
    : []),
  ...(channels > 12 ? ["With so many bands, set `bands` to the ones that matter"] : [])
]

/** The values for a folder. */
export const proposalFor = (found: Found): Proposal => {
  const { patches, pixels } = found
  const { bands, channels } = bandsOf(found)
  const edges = pixels.flatMap(({ height, width }) => [height, width])
  const size = Math.max(SMALLEST, Math.min(LARGEST, ...edges))
  const training = Math.floor(patches * 0.7)
  return {
    bands,
    channels,
    constants: constantsOf(found, bands),
    size,
    resized: edges.some((edge) => edge !== size),
    batch: Math.max(1, Math.min(32, Math.floor(training / 4))),
    // About 6,000 images in all, at least 5 passes and at most 60.
    epochs: Math.max(5, Math.min(60, Math.round(6000 / Math.max(1, training)))),
    split: splitOf(found),
    remarks: remarksOf(found, channels)
  }
}
