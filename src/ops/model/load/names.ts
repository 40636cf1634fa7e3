/** Translates the names of arrays in files of other programs into names of the network here. */
import { few } from "../../../pipeline/words.ts"
import { FileFault, shortName } from "./source.ts"

/** Naming scheme of a file: that of the original (and ours), or that of model libraries. */
export type Naming = "own" | "library"

/** A choice among the arrays of a file that holds more than one network. */
export interface Chosen {
  /** Beginning of the names of the wanted arrays; all others are left out. */
  readonly prefix?: string
  /** Names, or beginnings of names, of arrays that are left out. */
  readonly ignore?: ReadonlyArray<string>
}

/** Result of translating names. */
export interface Renaming {
  readonly naming: Naming
  /** Name in the network by name in the file; `undefined` for arrays that no network has, such as counters. */
  readonly names: ReadonlyMap<string, string | undefined>
  /** Classifiers of model libraries: they have other classes, in an order that files do not state. */
  readonly setAside: ReadonlyArray<string>
  /** Names that `prefix` and `ignore` leave out. */
  readonly ignored: ReadonlyArray<string>
}

/** Counters of batches, and of the networks in an average of several. */
const COUNTER = /(^|\.)(num_batches_tracked|n_averaged)$/
/** First filter of a network in torchvision, timm, and the libraries of SENets and EfficientNets. */
const FIRST = /^(.*?)(conv1|features\.0|layer0\.conv1|_conv_stem)\.weight$/
/** The classifier of the single head. */
const SINGLE = "head.head.fc.weight"
/** First filter of the first block in `nn.Sequential(*resnet.children())`, whose names are numbers. */
const NUMBERED = /^(.*?)4\.0\.conv1\.weight$/
const WEIGHTS_OF_CLASSIFIER = /^(fc|last_linear|_fc|head\.fc)\.weight$/
const CLASSIFIER = /^(fc|last_linear|classifier|_fc|head\.fc|pre_logits\.fc[12])\./
/** Layers of timm's VGGs between features and classifier; such a classifier does not take features. */
const BEFORE_CLASSIFIER = /^pre_logits\./

/** Names without `module.`, which training on several GPUs puts before all of them. */
const withoutWrapper = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length > 0 && names.every((name) => name.startsWith("module."))
    ? withoutWrapper(names.map((name) => name.slice("module.".length)))
    : names

const own = (name: string): string | undefined => {
  // Names with a slash are the optimiser's moments in checkpoints of training.
  if (COUNTER.test(name) || name.includes("/")) return undefined
  // The original's files hold the one exponent of GeM twice.
  return name === "head.head.pool.pool.p" ? undefined : name
}

/** Names of the blocks of an EfficientNet in the network here, in order. */
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

/** Names of the modules of a ResNet by their index among its children. */
const PLACES: Readonly<Record<string, string>> = {
  0: "conv1",
  1: "bn1",
  4: "layer1",
  5: "layer2",
  6: "layer3",
  7: "layer4",
  9: "fc"
}

const numbered = (name: string): string =>
  name.replace(/^(\d+)\./, (all, place: string) => (place in PLACES ? `${PLACES[place]}.` : all))

/** A variant of a naming scheme; `short` turns a name in the file into a name of the scheme. */
interface Dialect {
  readonly naming: Naming
  readonly short: (name: string) => string
}

const DIALECTS: ReadonlyArray<Dialect> = [
  { naming: "own", short: (name) => name },
  { naming: "library", short: (name) => name },
  { naming: "library", short: numbered }
]

/** A network in a file: the prefix of its names, and how many of them a dialect knows. */
interface Root {
  readonly prefix: string
  readonly dialect: Dialect
  readonly known: number
}

/** Prefixes that the names of a network in the file may have. */
const prefixesIn = (names: ReadonlyArray<string>, first: string): ReadonlyArray<string> => {
  const found = names.flatMap((name) => [
    ...(name.endsWith(first) ? [name.slice(0, -first.length)] : []),
    ...[FIRST, NUMBERED].flatMap((pattern) => pattern.exec(name)?.[1] ?? [])
  ])
  return [...new Set(["", ...found])]
}

const translated = ({ naming, short }: Dialect, name: string, known: ReadonlyArray<string>): string | undefined =>
  naming === "own" ? own(name) : library(short(name), known)

/** Networks in a file, the one with most known names first. At least half of the names with a prefix must be known. */
const rootsIn = (names: ReadonlyArray<string>, known: ReadonlyArray<string>): ReadonlyArray<Root> => {
  const ours = new Set(known)
  // Arrays of optimisers have slashes in their names.
  const counted = names.filter((name) => !COUNTER.test(name) && !name.includes("/"))
  const roots = prefixesIn(counted, known[0]).flatMap((prefix) => {
    const inside = counted.filter((name) => name.startsWith(prefix))
    return DIALECTS.map((dialect): Root => {
      const found = inside.filter((name) => ours.has(translated(dialect, name.slice(prefix.length), known) ?? ""))
      return { prefix, dialect, known: prefix === "" || 2 * found.length >= inside.length ? found.length : 0 }
    })
  })
  return roots.toSorted((a, b) => b.known - a.known)
}

/** Beginnings of names up to their first dot, quoted. */
const beginnings = (names: ReadonlyArray<string>): string =>
  few([...new Set(names.map((name) => `"${shortName(name.replace(/(?<=\.).*$/s, ""))}"`))])

/** @throws FileFault if the file holds the network twice */
const checkCopies = ([best, ...others]: ReadonlyArray<Root>): void => {
  const copies = others.filter(({ known, prefix }) => prefix !== best.prefix && known > 0 && 2 * known >= best.known)
  if (copies.length === 0) return
  const prefixes = [...new Set([best, ...copies].map(({ prefix }) => prefix))]
  const named = prefixes.map((prefix) => (prefix === "" ? "without a prefix" : `"${shortName(prefix)}"`))
  const example = prefixes.find((prefix) => prefix !== "") ?? ""
  const other = prefixes.includes("") ? `, or leave that one out with \`ignore: ["${shortName(example)}"]\`` : ""
  throw new FileFault(
    `holds ${prefixes.length} copies of the network: ${named.join(", ")}`,
    `Choose one by giving the file as \`{ file: FILE, prefix: "${shortName(example)}" }\`${other}`
  )
}

/** @throws FileFault if two arrays of the file have the same name in the network */
const checkDistinct = (names: ReadonlyMap<string, string | undefined>): void => {
  const seen = new Map<string, string>()
  for (const [name, ours] of names) {
    if (ours === undefined) continue
    const other = seen.get(ours)
    if (other !== undefined) {
      throw new FileFault(
        `has two arrays for ${shortName(ours)}: ${shortName(other)} and ${shortName(name)}`,
        "Choose one by giving the file as `{ file: FILE, prefix: PREFIX }`, or leave one out with `ignore`"
      )
    }
    seen.set(ours, name)
  }
}

/** Chosen names, each with its remainder after the common wrapper and `prefix`. */
const wantedOf = (names: ReadonlyArray<string>, { prefix, ignore = [] }: Chosen): ReadonlyMap<string, string> => {
  const bare = withoutWrapper(names)
  const isIgnored = (name: string) => ignore.some((start) => name.startsWith(start))
  const kept = names.flatMap((name, i) => (isIgnored(name) || isIgnored(bare[i]) ? [] : [[name, bare[i]] as const]))
  if (prefix === undefined) {
    // The ignored names may have been the only ones without the wrapper.
    const unwrapped = withoutWrapper(kept.map(([, rest]) => rest))
    return new Map(kept.map(([name], i) => [name, unwrapped[i]]))
  }
  const inside = kept.flatMap(([name, rest]) => {
    const whole = [name, rest].find((one) => one.startsWith(prefix))
    return whole === undefined ? [] : [[name, whole.slice(prefix.length)] as const]
  })
  if (inside.length === 0) {
    throw new FileFault(
      `has no array whose name begins with "${shortName(prefix)}"; names begin with ${beginnings(names)}`,
      "Set `prefix` to the beginning of the names of the wanted network"
    )
  }
  return new Map(inside)
}

/**
 * Translates the names of a file's arrays into names of the network.
 *
 * @param names in the file: of the original, of our own checkpoints, of torchvision or timm (ResNet, VGG), of
 *   `nn.Sequential` over the children of a ResNet, or of the libraries that published SENets and EfficientNets; behind any
 *   common prefix
 * @param known names of the network's own arrays
 * @param classifier whether the weights of a library's classifier are wanted too; classifiers here have no bias
 * @throws FileFault if the file holds several networks and `chosen` does not choose one
 */
export const rename = (
  names: ReadonlyArray<string>,
  known: ReadonlyArray<string>,
  classifier = false,
  chosen: Chosen = {}
): Renaming => {
  const wanted = wantedOf(names, chosen)
  const rests = [...wanted.values()]
  const roots = rootsIn(rests, known)
  checkCopies(roots)
  const [{ dialect, prefix }] = roots
  const inside = (rest: string) => (rest.startsWith(prefix) ? dialect.short(rest.slice(prefix.length)) : undefined)
  const isLibrary = dialect.naming === "library"
  const fits = classifier && known.includes(SINGLE) && !rests.some((rest) => BEFORE_CLASSIFIER.test(inside(rest) ?? ""))
  const isWanted = (short: string) => fits && WEIGHTS_OF_CLASSIFIER.test(short)
  const named = (rest: string): string | undefined => {
    const short = inside(rest)
    if (COUNTER.test(rest)) return undefined
    if (short === undefined) return rest
    if (!isLibrary) return own(short)
    if (isWanted(short)) return SINGLE
    return CLASSIFIER.test(short) ? undefined : library(short, known)
  }
  const found = new Map([...wanted].map(([name, rest]) => [name, named(rest)] as const))
  checkDistinct(found)
  const isSetAside = (rest: string) => {
    const short = inside(rest)
    return isLibrary && short !== undefined && CLASSIFIER.test(short) && !isWanted(short)
  }
  return {
    naming: dialect.naming,
    names: found,
    setAside: [...wanted].flatMap(([name, rest]) => (isSetAside(rest) ? [name] : [])),
    ignored: names.filter((name) => !wanted.has(name))
  }
}
