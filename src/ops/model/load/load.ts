/** Loads a file of weights into a network: renames arrays, puts bands and classes in order, and reports every array. */
import { basename } from "node:path"
import type { NamedArray } from "../../elements.ts"
import type { Model } from "../model.ts"
import { WeightsError } from "../model-error.ts"
import { fromLibraryNames } from "../weights/library-names.ts"
import { isInPlace, withInputs, withRows } from "./arrange.ts"
import { type FileFacts, noFacts } from "./facts.ts"
import { rename } from "./names.ts"
import { openWeightFile, type WeightFile } from "./open.ts"
import {
  checkArchitecture,
  namedClasses,
  type Order,
  orderOfBands,
  orderOfClasses,
  type Said,
  type Target
} from "./orders.ts"
import { type LoadReport, misfit, remedyOf } from "./report.ts"
import { FileFault, ShardFault } from "./source.ts"
import type { StoredTensor } from "./values.ts"

/** Weights of a network that were loaded from a file. */
export interface Loaded {
  /** All arrays of the network, in its order. */
  readonly arrays: ReadonlyArray<NamedArray>
  /** Class names in the file's order, if the file or its user states them. */
  readonly classes: ReadonlyArray<string> | undefined
  readonly report: LoadReport
}

/**
 * A filter of three bands as a filter of any number of bands. With three or more, the first three bands keep their filters
 * and each further band gets the mean of the three; with one or two, each band gets the mean.
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

/** Whether a filter of a file has three bands and otherwise the shape of the network's filter. */
const isOfThreeBands = ([o, i, ...area]: ReadonlyArray<number>, [O, , ...AREA]: ReadonlyArray<number>): boolean =>
  i === 3 && o === O && area.length === 2 && same(area, AREA)

const CLASSIFIER = /^head\.head\.(fc|(bnneck_pack|bnn_triplet_pack)\.\d+\.fc2)\.weight$/

/** Values of an array of a file in the order of the run; `undefined` if the shapes do not fit. */
const placed = (
  { name, shape }: NamedArray,
  tensor: StoredTensor,
  first: boolean,
  bands: Order | undefined,
  classes: Order | undefined
): Float32Array | undefined => {
  if (first && isOfThreeBands(tensor.shape, shape) && (shape[1] !== 3 || (bands && bands.places === undefined))) {
    return adaptBands(tensor.floats(), shape[0], shape[1])
  }
  if (!same(tensor.shape, shape)) return undefined
  if (first && bands?.places !== undefined) return withInputs(tensor.floats(), shape[0], bands.places)
  if (CLASSIFIER.test(name) && classes?.places !== undefined) return withRows(tensor.floats(), classes.places)
  return tensor.floats()
}

/**
 * Arrays under the own names of the network, where the file says that this program published them under torchvision's names of
 * EfficientNets. Other files with these names hold networks that compute otherwise, so they are not read.
 */
const renamed = (
  { params }: Model,
  known: ReadonlyArray<string>,
  tensors: ReadonlyArray<StoredTensor>,
  facts: FileFacts
): ReadonlyArray<StoredTensor> => {
  if (!/^efficientnet/.test(params.backbone) || facts.architecture.backbone !== params.backbone) return tensors
  const names = fromLibraryNames(params, known)
  return tensors.map((tensor) => ({ ...tensor, name: names.get(tensor.name) ?? tensor.name }))
}

const moved = (order: Order | undefined) =>
  order?.places === undefined || isInPlace(order.places) ? undefined : order.file

/**
 * Puts the arrays of a file into a network.
 *
 * Files of model libraries give only the backbone, unless the file or its user names the classes of their classifier. The rest of
 * the network keeps its initial weights.
 *
 * @param initial all arrays of the network
 * @param target bands and classes of the run; without it, arrays stay in the order of the file
 * @throws FileFault if the order of bands or classes is unknown, or if they differ from those of the run
 */
export const fillNetwork = (
  model: Model,
  initial: ReadonlyArray<NamedArray>,
  { tensors: stored, facts = noFacts, dict }: Pick<WeightFile, "tensors" | "dict"> & Partial<Pick<WeightFile, "facts">>,
  said: Said = {},
  target?: Target
): Loaded => {
  const known = model.parameters.map(({ name }) => name)
  const tensors = renamed(model, known, stored, facts)
  const skips = (name: string) => said.skip === "head" && name.startsWith("head.")
  const written = tensors.map(({ name }) => name)
  const namesClasses = (said.classes ?? facts.classes) !== undefined && said.skip === undefined
  const renaming = rename(written, known, namesClasses, said)
  const setAside = [...renaming.setAside, ...written.filter((name) => skips(renaming.names.get(name) ?? ""))]
  const given = new Map(
    tensors.flatMap((tensor) => {
      const name = renaming.names.get(tensor.name)
      return name === undefined || skips(name) ? [] : [[name, tensor] as const]
    })
  )
  const [first] = known
  const filter = given.get(first)
  const bands =
    filter?.shape.length === 4 ? orderOfBands(filter.shape, renaming.naming, said, facts, target) : undefined
  const classes = orderOfClasses(said, facts, target)
  const [loaded, missing]: [Array<string>, Array<string>] = [[], []]
  const otherShape: Array<LoadReport["otherShape"][number]> = []
  const arrays = initial.map((array): NamedArray => {
    const { name, shape } = array
    const tensor = given.get(name)
    given.delete(name)
    if (tensor === undefined) {
      if (!skips(name) && (renaming.naming === "own" || name.startsWith("encoder."))) missing.push(name)
      return array
    }
    const data = placed(array, tensor, name === first, bands, classes)
    if (data === undefined) otherShape.push({ name, file: tensor.shape, network: shape })
    else loaded.push(name)
    return data === undefined ? array : { name, shape, data }
  })
  const unexpected = [...given.values()].map(({ name }) => name)
  const adapted =
    filter?.shape[1] === 3 && (model.params.channels !== 3 || (bands && bands.places === undefined)) === true
  const orders = { bands: moved(bands), classes: moved(classes) }
  const { ignored, naming } = renaming
  return {
    arrays,
    classes: namedClasses(said, facts),
    report: { naming, loaded, missing, unexpected, otherShape, setAside, ignored, adapted, ...orders, ...dict }
  }
}

/** A WeightsError for errors of the file system, too little memory and damaged files; any other error is returned as it is. */
export const asWeightsError = (
  path: string,
  cause: unknown,
  remedy = "Give a .safetensors or .pth file with the weights of this network"
): unknown => {
  if (cause instanceof ShardFault) {
    return asWeightsError(cause.path, cause.cause, `Fetch this shard of ${basename(path)} again`)
  }
  const { code } = cause as NodeJS.ErrnoException
  if (!(cause instanceof FileFault) && !(cause instanceof RangeError) && typeof code !== "string") return cause
  const known = cause instanceof FileFault ? cause.message : undefined
  const problem = known ?? (code === "ENOENT" ? "there is no such file" : `cannot be read (${String(cause)})`)
  const own = cause instanceof FileFault ? cause.remedy : undefined
  return new WeightsError({ subject: path, problem, remedy: own ?? remedy, cause })
}

/**
 * Loads a file of weights into a network. Every array of the network must be in the file, and no others.
 *
 * @param compared further parameters of the network that must equal those that the file states
 * @throws WeightsError that names arrays that are missing, unexpected or of another shape, or the fault of the file
 */
export const loadWeights = (
  path: string,
  model: Model,
  initial: ReadonlyArray<NamedArray>,
  said: Said = {},
  target?: Target,
  compared: ReadonlyArray<string> = []
): Loaded => {
  try {
    const file = openWeightFile(path, said.key)
    try {
      checkArchitecture(model, file.facts, said, compared)
      const loaded = fillNetwork(model, initial, file, said, target)
      const problem = misfit(loaded.report, model.params.backbone)
      if (problem === undefined) return loaded
      throw new WeightsError({ subject: path, problem, remedy: remedyOf(loaded.report) })
    } finally {
      file.close()
    }
  } catch (cause) {
    throw asWeightsError(path, cause)
  }
}
