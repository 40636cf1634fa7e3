/** Names of arrays in files of others, and what they are called here. */

/** Whose names a file has: those of the original (and ours), or those of model libraries. */
export type Naming = "own" | "library"

/** Names by name in the file; `undefined` for what networks here have no place for, such as counters. */
export interface Renaming {
  readonly naming: Naming
  readonly names: ReadonlyMap<string, string | undefined>
  /** Classifiers of model libraries: they know other classes, in an order that files do not say. */
  readonly setAside: ReadonlyArray<string>
}

const COUNTER = /(^|\.)num_batches_tracked$/
/** What a network begins with, in torchvision, timm, and the libraries of SENets and EfficientNets. */
const FIRST = /^(.*?)(conv1|features\.0|layer0\.conv1|_conv_stem)\.weight$/
/** The classifier of the single head. */
const SINGLE = "head.head.fc.weight"
const WEIGHTS_OF_CLASSIFIER = /^(fc|last_linear|_fc|head\.fc)\.weight$/
const CLASSIFIER = /^(fc|last_linear|classifier|_fc|head\.fc|pre_logits\.fc[12])\./
/** What timm's VGGs have between features and classifier, which then does not know features. */
const BEFORE_CLASSIFIER = /^pre_logits\./

/** Names behind a prefix that all share, such as `module.` of training on several GPUs. */
const withoutWrapper = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length > 0 && names.every((name) => name.startsWith("module."))
    ? withoutWrapper(names.map((name) => name.slice("module.".length)))
    : names

const own = (name: string): string | undefined => {
  // What optimisers remember, in checkpoints of training.
  if (COUNTER.test(name) || name.includes("/")) return undefined
  // One exponent, which the original's files have twice.
  return name === "head.head.pool.pool.p" ? undefined : name
}

/** Blocks of an EfficientNet in order, as the network here calls them. */
const mobileBlocks = (known: ReadonlyArray<string>): ReadonlyArray<string> =>
  known.flatMap((name) => /^(.*)\._depthwise_conv\.weight$/.exec(name)?.[1] ?? [])

const mobile = (name: string, known: ReadonlyArray<string>): string => {
  const block = /^_blocks\.(\d+)\.(.*)$/.exec(name)
  if (block !== null) return `${mobileBlocks(known)[Number(block[1])] ?? "?"}.${block[2]}`
  const last = Number(mobileBlocks(known).at(-1)?.split(".").at(-1))
  return name
    .replace(/^_conv_stem\./, "encoder.encoder_block0.0.")
    .replace(/^_bn0\./, "encoder.encoder_block0.1.")
    .replace(/^_conv_head\./, `encoder.encoder_block4.${last + 1}.`)
    .replace(/^_bn1\./, `encoder.encoder_block4.${last + 2}.`)
}

const library = (name: string, known: ReadonlyArray<string>): string => {
  if (name.startsWith("_")) return mobile(name, known)
  return name
    .replace(/^conv1\./, "encoder.encoder_block0.0.")
    .replace(/^bn1\./, "encoder.encoder_block0.1.")
    .replace(/^layer0\./, "encoder.encoder_block0.")
    .replace(/^layer([1-4])\./, "encoder.encoder_block$1.")
    .replace(/^features\./, "encoder.encoder.")
}

/**
 * What the arrays of a file are called in a network.
 *
 * @param names in the file: of the original, of our own checkpoints, of torchvision or timm (ResNet, VGG), or of the
 *   libraries that published SENets and EfficientNets; behind any common prefix
 * @param known names of the network's own arrays
 * @param classifier whether a library's classifier is wanted too, its weights; the ones here have no bias
 */
export const rename = (names: ReadonlyArray<string>, known: ReadonlyArray<string>, classifier = false): Renaming => {
  const bare = withoutWrapper(names)
  const renamed = (name: (bare: string) => string | undefined) => new Map(names.map((key, i) => [key, name(bare[i])]))
  const prefix = bare.map((name) => FIRST.exec(name)?.[1]).find((found) => found !== undefined)
  if (prefix === undefined || bare.some((name) => name.startsWith("encoder.encoder"))) {
    return { naming: "own", names: renamed(own), setAside: [] }
  }
  const inside = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name)
  const fits = classifier && known.includes(SINGLE) && !bare.some((name) => BEFORE_CLASSIFIER.test(inside(name)))
  const isWanted = (short: string) => fits && WEIGHTS_OF_CLASSIFIER.test(short)
  return {
    naming: "library",
    names: renamed((name) => {
      const short = inside(name)
      if (isWanted(short)) return SINGLE
      return COUNTER.test(short) || CLASSIFIER.test(short) ? undefined : library(short, known)
    }),
    setAside: names.filter((_, i) => CLASSIFIER.test(inside(bare[i])) && !isWanted(inside(bare[i])))
  }
}
