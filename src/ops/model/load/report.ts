/** Reports on the arrays of a file that was loaded into a network, and their messages. */
import { few } from "../../../pipeline/words.ts"
import type { Naming } from "./names.ts"
import { shortName } from "./source.ts"

/** Names in the file's order, if it differs from the run's. */
export type Reordered = ReadonlyArray<string> | undefined

/** Every array of a file and of the network, by what happened to it. */
export interface LoadReport {
  readonly naming: Naming
  /** Names in the network. */
  readonly loaded: ReadonlyArray<string>
  /** Required arrays of the network that the file does not have. */
  readonly missing: ReadonlyArray<string>
  /** Names in the file that the network does not have. */
  readonly unexpected: ReadonlyArray<string>
  readonly otherShape: ReadonlyArray<{
    readonly name: string
    readonly file: ReadonlyArray<number>
    readonly network: ReadonlyArray<number>
  }>
  /** Classifiers of other classes, and arrays that `skip` leaves out; the network keeps its initial weights there. */
  readonly setAside: ReadonlyArray<string>
  /** Names in the file that `prefix` and `ignore` leave out. */
  readonly ignored: ReadonlyArray<string>
  /** Key of the state dict in a PyTorch file; `undefined` if it is the whole file. */
  readonly key?: string | undefined
  /** Keys of the other state dicts in the file. */
  readonly others?: ReadonlyArray<string>
  /** Whether a filter of three colours was adapted to other bands. */
  readonly adapted: boolean
  readonly bands: Reordered
  readonly classes: Reordered
}

const listed = (names: ReadonlyArray<string>, most?: number): string => few(names.map(shortName), most)

/** Missing, unexpected and misshapen arrays of a file, as a clause; `undefined` if there are none. */
export const misfit = ({ missing, unexpected, otherShape }: LoadReport, backbone: string): string | undefined => {
  const parts: Array<string> = []
  if (missing.length > 0) parts.push(`lacks ${listed(missing)}, which ${backbone} needs`)
  if (unexpected.length > 0) parts.push(`has ${listed(unexpected)}, which ${backbone} does not know`)
  const shapes = otherShape.map(({ name, file, network }) => `${name} [${file.join(", ")}] for [${network.join(", ")}]`)
  if (shapes.length > 0) parts.push(`has arrays of other shapes: ${listed(shapes)}`)
  return parts.length === 0 ? undefined : parts.join("; ")
}

/** Whether all arrays that do not fit belong to the head. */
const isOfHead = ({ missing, otherShape, unexpected }: LoadReport): boolean =>
  [...missing, ...unexpected, ...otherShape.map(({ name }) => name)].every((name) => /^(module\.)?head\./.test(name))

const PARAMETRISED = /(\.|^)(weight_[gv]|parametrizations\.|parametrized)/

/** Remedy for a file that does not fit. */
export const remedyOf = (report: LoadReport): string => {
  const { loaded, missing, unexpected } = report
  const same = "Use the model parameters that the weights were trained with"
  if (unexpected.some((name) => PARAMETRISED.test(name))) {
    return "Remove weight normalisation and other parametrisations in PyTorch before saving (torch.nn.utils.remove_weight_norm, torch.nn.utils.parametrize.remove_parametrizations)"
  }
  if (isOfHead(report)) return `${same}, or give the file as \`{ file: FILE, skip: head }\``
  if (unexpected.length === 0) return same
  if (missing.length === 0) {
    const starts = [...new Set(unexpected.map((name) => name.replace(/(?<=\.).*$/s, "")))]
    const some = starts.slice(0, 3).map((name) => `"${shortName(name)}"`)
    return `${same}, or leave the other arrays out: give the file as \`{ file: FILE, ignore: [${some.join(", ")}] }\``
  }
  if (loaded.length > 0)
    return `${same}, or choose arrays with \`prefix\` and \`ignore\`: give the file as \`{ file: FILE, prefix: PREFIX, ignore: [BEGINNING] }\``
  return `${same}, or give the beginning of the network's names, as in \`{ file: FILE, prefix: PREFIX }\``
}

/** The report in one line for the user. */
export const sentence = (file: string, report: LoadReport, bands: ReadonlyArray<string>): string => {
  const { adapted, classes, loaded, missing, otherShape, setAside, unexpected } = report
  const parts = [
    `${loaded.length} arrays loaded`,
    `${missing.length} missing, ${unexpected.length} unexpected, ${otherShape.length} of another shape`
  ]
  const { ignored, key, others = [] } = report
  if (others.length > 0) {
    parts.push(`taken from ${key ?? "the whole file"}, not from ${listed(others)}; \`key\` chooses another`)
  }
  if (ignored.length > 0) parts.push(`left out by \`prefix\` and \`ignore\`: ${listed(ignored)}`)
  if (setAside.length > 0) parts.push(`set aside: ${listed(setAside)}`)
  if (adapted) parts.push(`the first filter, of three colours, serves ${listed(bands, 12)}`)
  if (report.bands !== undefined) parts.push(`bands put in order, in the file ${report.bands.join(", ")}`)
  if (classes !== undefined) parts.push(`classes put in order, in the file ${listed(classes)}`)
  return `weights of ${file}: ${parts.join("; ")}`
}
