/** Facts that files of weights state beside the weights. */
import type { Normalisation, Sizing } from "../../elements.ts"
import type { Pth } from "./pytorch/torch-objects.ts"
import { FileFault } from "./source.ts"

/** Facts of the network that weights belong to, as far as their file states them. */
export interface FileFacts {
  /** Parameters of the network under the keys of `model`; those that the file states. */
  readonly architecture: Readonly<Record<string, string | number>>
  /** Names of the input channels, in order. */
  readonly bands: ReadonlyArray<string> | undefined
  readonly classes: ReadonlyArray<string> | undefined
  readonly normalisation?: Normalisation
  readonly sizing?: ReadonlyArray<Sizing>
  /** Height and width of the images in training, in pixels. */
  readonly size?: readonly [height: number, width: number]
  readonly fingerprint?: string
  readonly licence?: string
}

export const noFacts: FileFacts = { architecture: {}, bands: undefined, classes: undefined }

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const parsed = (text: string | undefined): Json => {
  try {
    const value: unknown = JSON.parse(text ?? "null")
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

const names = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined

/** Parameters as text and numbers; older files have lists as JSON, and `none` for null. */
const plain = (value: unknown): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).flatMap(
      ([key, one]): ReadonlyArray<readonly [string, string | number]> => {
        if (typeof one === "string" || typeof one === "number") return [[key, one]]
        if (one === null) return [[key, "none"]]
        return Array.isArray(one) ? [[key, JSON.stringify(one)]] : []
      }
    )
  )

const numbers = (value: unknown): ReadonlyArray<number> | undefined =>
  Array.isArray(value) && value.length > 0 && value.every(Number.isFinite) ? value : undefined

/** Older files give the name of the constants alone. */
const normalisationOf = (value: unknown): Pick<FileFacts, "normalisation"> => {
  if (typeof value === "string") return { normalisation: { by: value } }
  if (!isObject(value) || typeof value.by !== "string") return {}
  const [mean, std] = [numbers(value.mean), numbers(value.std)]
  return { normalisation: { by: value.by, ...(mean && std && mean.length === std.length ? { mean, std } : {}) } }
}

const isPixels = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0

const sizingOf = (input: unknown): Pick<FileFacts, "sizing" | "size"> => {
  if (!isObject(input)) return {}
  const { height, sizing, width } = input
  const isSizing = (one: unknown): one is Sizing => isObject(one) && (isPixels(one.resize) || isPixels(one.crop))
  return {
    ...(Array.isArray(sizing) && sizing.every(isSizing) ? { sizing } : {}),
    ...(isPixels(height) && isPixels(width) ? { size: [height, width] } : {})
  }
}

const textOf = <K extends string>(key: K, value: unknown): { readonly [P in K]?: string } =>
  (typeof value === "string" ? { [key]: value } : {}) as { readonly [P in K]?: string }

/** Facts in the `manifest` of a published file, or in the `state` of a checkpoint of training. */
export const factsOfMetadata = (metadata: Readonly<Record<string, string>>): FileFacts => {
  const manifest = parsed(metadata.manifest)
  if (isObject(manifest.architecture)) {
    const { architecture, bands, classes, fingerprint, input, licence, normalisation } = manifest
    return {
      architecture: plain(architecture),
      bands: names(bands),
      classes: names(classes),
      ...normalisationOf(normalisation),
      ...sizingOf(input),
      ...textOf("fingerprint", fingerprint),
      ...textOf("licence", licence)
    }
  }
  const { images, network } = parsed(metadata.state)
  if (!isObject(network)) return noFacts
  return {
    architecture: plain(network.model),
    bands: names(network.bands),
    classes: names(network.classes),
    ...(isObject(images) ? normalisationOf(images.normalisation) : {}),
    ...sizingOf(images)
  }
}

/** Keys of the network in the original's configuration. They equal ours. */
const KEYS = ["backbone", "pooling", "channels", "num_classes", "output_stride", "module", "part_dim"]

/** Splits as JSON. A list in a pickle may contain anything, even itself, so it is checked first. @throws FileFault */
const splits = (parts: unknown): string | undefined => {
  if (!Array.isArray(parts)) return undefined
  const sound = parts.every((part) => Array.isArray(part) && part.length === 3 && part.every(Number.isSafeInteger))
  if (!sound) throw new FileFault("states `parts` of its network that are not lists of three numbers")
  return JSON.stringify(parts)
}

/** Facts in the configuration that the original saves beside the weights. */
export const factsOfPth = ({ value }: Pth): FileFacts => {
  const config = value instanceof Map ? value.get("config") : undefined
  const model = config instanceof Map ? config.get("model") : undefined
  if (!(model instanceof Map)) return noFacts
  const known = Object.fromEntries(KEYS.map((key) => [key, model.get(key)]))
  return {
    ...noFacts,
    architecture: plain({ ...known, parts: splits(model.get("parts")) })
  }
}
