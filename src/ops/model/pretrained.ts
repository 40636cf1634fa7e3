/** Weights from a file into a network: renamed, adapted to its bands, and accounted for. */
import type { NamedArray } from "../elements.ts"
import { openWeightFile } from "./files/open.ts"
import { FileFault } from "./files/source.ts"
import type { StoredTensor } from "./files/values.ts"
import type { Model } from "./model.ts"
import { rename } from "./names.ts"
import { WeightsError } from "./weights.ts"

/** What became of the arrays of a file, and of those of the network. */
export interface LoadReport {
  /** Names in the network. */
  readonly loaded: ReadonlyArray<string>
  /** Arrays of the network that the file has not, and must have. */
  readonly missing: ReadonlyArray<string>
  /** Names in the file that the network does not know. */
  readonly unexpected: ReadonlyArray<string>
  readonly otherShape: ReadonlyArray<{
    readonly name: string
    readonly file: ReadonlyArray<number>
    readonly network: ReadonlyArray<number>
  }>
  /** Classifiers of other classes: the network's own starts anew. */
  readonly setAside: ReadonlyArray<string>
  /** Whether a filter of three bands was made one of more or fewer. */
  readonly adapted: boolean
}

export interface Loaded {
  /** All arrays of the network, in its order. */
  readonly arrays: ReadonlyArray<NamedArray>
  readonly report: LoadReport
}

/**
 * A filter of three bands as one of any number. Up to three bands stay as they are, each further one gets the mean of the
 * three; a network of one or two bands gets copies of the mean.
 *
 * @param values [O, 3, KH, KW]
 */
export const adaptBands = (values: Float32Array, outputs: number, bands: number): Float32Array => {
  const area = values.length / (outputs * 3)
  const made = new Float32Array(outputs * bands * area)
  for (let o = 0; o < outputs; o++) {
    for (let band = 0; band < bands; band++) {
      for (let i = 0; i < area; i++) {
        const of = (b: number) => values[(o * 3 + b) * area + i]
        const kept = bands >= 3 && band < 3
        made[(o * bands + band) * area + i] = kept ? of(band) : (of(0) + of(1) + of(2)) / 3
      }
    }
  }
  return made
}

const same = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean => a.join() === b.join()

/** Whether a filter differs in its bands alone, and has three. */
const isOfThreeBands = ([o, i, ...area]: ReadonlyArray<number>, [O, , ...AREA]: ReadonlyArray<number>): boolean =>
  i === 3 && o === O && area.length === 2 && same(area, AREA)

/**
 * Puts the arrays of a file into a network.
 *
 * Files of model libraries give the backbone alone: the rest of the network keeps its initial weights, and their
 * classifiers are set aside.
 *
 * @param initial all arrays of the network
 * @throws FileFault where a file of a model library takes more bands than three: it does not say in which order
 */
export const fillNetwork = (
  model: Model,
  initial: ReadonlyArray<NamedArray>,
  tensors: ReadonlyArray<StoredTensor>
): Loaded => {
  const known = model.parameters.map(({ name }) => name)
  const renaming = rename(
    tensors.map(({ name }) => name),
    known
  )
  const given = new Map(
    tensors.flatMap((tensor) => {
      const name = renaming.names.get(tensor.name)
      return name === undefined ? [] : [[name, tensor] as const]
    })
  )
  const first = known[0]
  const filter = given.get(first)
  if (renaming.naming === "library" && filter !== undefined && filter.shape.length === 4 && filter.shape[1] !== 3) {
    throw new FileFault(
      `has a first filter of ${filter.shape[1]} bands, and does not say in which order; ours may be another`
    )
  }
  const [loaded, missing]: [Array<string>, Array<string>] = [[], []]
  const otherShape: Array<LoadReport["otherShape"][number]> = []
  let adapted = false
  const arrays = initial.map((array): NamedArray => {
    const { name, shape } = array
    const tensor = given.get(name)
    given.delete(name)
    if (tensor === undefined) {
      if (renaming.naming === "own" || name.startsWith("encoder.")) missing.push(name)
      return array
    }
    if (same(tensor.shape, shape)) {
      loaded.push(name)
      return { name, shape, data: tensor.floats() }
    }
    if (name === first && isOfThreeBands(tensor.shape, shape)) {
      adapted = true
      loaded.push(name)
      return { name, shape, data: adaptBands(tensor.floats(), shape[0], shape[1]) }
    }
    otherShape.push({ name, file: tensor.shape, network: shape })
    return array
  })
  const unexpected = [...given.values()].map(({ name }) => name)
  return { arrays, report: { loaded, missing, unexpected, otherShape, setAside: renaming.setAside, adapted } }
}

const listed = (names: ReadonlyArray<string>): string =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ")

/** All that keeps a file from being just the weights of a network, as a clause; `undefined` where nothing does. */
const misfit = ({ missing, unexpected, otherShape }: LoadReport, backbone: string): string | undefined => {
  const parts: Array<string> = []
  if (missing.length > 0) parts.push(`lacks ${listed(missing)}, which ${backbone} needs`)
  if (unexpected.length > 0) parts.push(`has ${listed(unexpected)}, which ${backbone} does not know`)
  const shapes = otherShape.map(({ name, file, network }) => `${name} [${file.join(", ")}] for [${network.join(", ")}]`)
  if (shapes.length > 0) parts.push(`has arrays of other shapes: ${listed(shapes)}`)
  return parts.length === 0 ? undefined : parts.join("; ")
}

const asWeightsError = (path: string) => (cause: unknown) => {
  if (cause instanceof WeightsError) return cause
  const code = (cause as NodeJS.ErrnoException).code
  const known = cause instanceof FileFault ? cause.message : undefined
  const problem = known ?? (code === "ENOENT" ? "there is no such file" : `cannot be read (${String(cause)})`)
  const remedy = "Give a .safetensors or .pth file with the weights of this backbone"
  return new WeightsError({ subject: path, problem, remedy, cause })
}

/**
 * Weights of a file for a network, strictly: each array must be there, and no other.
 *
 * @throws WeightsError naming what is missing, left over or of another shape, or what is wrong with the file
 */
export const loadWeights = (path: string, model: Model, initial: ReadonlyArray<NamedArray>): Loaded => {
  try {
    const file = openWeightFile(path)
    try {
      const loaded = fillNetwork(model, initial, file.tensors)
      const problem = misfit(loaded.report, model.params.backbone)
      if (problem === undefined) return loaded
      const remedy = "Use the model parameters that the weights were trained with"
      throw new WeightsError({ subject: path, problem, remedy })
    } finally {
      file.close()
    }
  } catch (cause) {
    throw asWeightsError(path)(cause)
  }
}
