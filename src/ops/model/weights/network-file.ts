/** Opens a network from a file of weights alone: published weights, a checkpoint, or a file of the original. */
import { resolve } from "node:path"
import { Result } from "effect"
import { check } from "../../../pipeline/check.ts"
import type { NamedArray, Normalisation, Sizing } from "../../elements.ts"
import { mappingOf } from "../architecture.ts"
import { originalBands } from "../load/arrange.ts"
import type { FileFacts } from "../load/facts.ts"
import { asWeightsError, loadWeights } from "../load/load.ts"
import { openWeightFile } from "../load/open.ts"
import { drawnWeights, type Model, makeModel } from "../model.ts"
import { WeightsError } from "../model-error.ts"
import { ModelParams, type WeightsFile } from "../params.ts"
import { fingerprint } from "./fingerprint.ts"

/** The network of a file of weights, and everything that the file states about its use. */
export interface NetworkFacts {
  /** Parameters of the network; `undefined` if the file does not state them. */
  readonly params: ModelParams | undefined
  /** Names of the bands, in order; `undefined` if they are unknown. */
  readonly bands: ReadonlyArray<string> | undefined
  readonly classes: ReadonlyArray<string> | undefined
  readonly normalisation: Normalisation | undefined
  /** The steps that bring images to the size of training. */
  readonly sizing: ReadonlyArray<Sizing> | undefined
  /** Height and width of the images in training, in pixels. */
  readonly size: readonly [height: number, width: number] | undefined
  readonly fingerprint: string | undefined
  /** SPDX name of the licence. */
  readonly licence: string | undefined
}

/** A network with its weights. */
export interface OpenedNetwork {
  readonly model: Model
  readonly params: ModelParams
  /** All arrays of the network, in its order and in the file's order of bands and classes. */
  readonly arrays: ReadonlyArray<NamedArray>
  readonly facts: NetworkFacts
}

/** Parameters of a network from recorded ones; `undefined` if they are incomplete or not valid. */
export const paramsOfFacts = (architecture: FileFacts["architecture"]): ModelParams | undefined => {
  const { embedding_dim, parts, ...rest } = architecture
  let splits: unknown
  try {
    splits = parts === undefined ? undefined : JSON.parse(String(parts))
  } catch {
    return undefined
  }
  const given = {
    ...rest,
    ...(splits === undefined ? {} : { parts: splits }),
    ...(embedding_dim === undefined || embedding_dim === "none" ? {} : { embedding_dim })
  }
  const checked = check(ModelParams, given, "ignore")
  if (!Result.isSuccess(checked)) return undefined
  const { channels, num_classes } = checked.success
  return channels === undefined || num_classes === undefined ? undefined : { ...checked.success, channels, num_classes }
}

/** Absolute path of a file of weights. */
export const weightsPath = (weights: WeightsFile): string => resolve(mappingOf(weights).file)

/**
 * Reads what a file of weights states, without its arrays.
 *
 * @throws WeightsError if the file is missing or damaged
 */
export const describeWeights = (weights: WeightsFile): NetworkFacts => {
  const { bands, classes, key } = mappingOf(weights)
  const path = weightsPath(weights)
  try {
    const opened = openWeightFile(path, key)
    opened.close()
    const { facts } = opened
    const params = paramsOfFacts(facts.architecture)
    return {
      params,
      bands: bands ?? facts.bands ?? (params === undefined ? undefined : originalBands(params.channels)),
      classes: Array.isArray(classes) ? classes : facts.classes,
      normalisation: facts.normalisation,
      sizing: facts.sizing,
      size: facts.size,
      fingerprint: facts.fingerprint,
      licence: facts.licence
    }
  } catch (cause) {
    throw asWeightsError(path, cause)
  }
}

/** Parameters of the network of a file. @throws WeightsError if the file is damaged or does not state its network */
export const statedParams = (weights: WeightsFile): ModelParams => {
  const { params } = describeWeights(weights)
  if (params !== undefined) return params
  throw new WeightsError({
    subject: weightsPath(weights),
    problem: "does not state its network",
    remedy: "Give the network in `model`, or weights that `publish` wrote"
  })
}

/**
 * Opens the network of a file of weights, from the file alone.
 *
 * @throws WeightsError if the file is damaged, does not state its network, or has other weights than its manifest says
 */
export const openNetwork = (weights: WeightsFile): OpenedNetwork => {
  const { file: _, ...said } = mappingOf(weights)
  const path = weightsPath(weights)
  const facts = describeWeights(weights)
  const params = statedParams(weights)
  const model = makeModel(params)
  const { arrays } = loadWeights(path, model, drawnWeights(model, 0), said)
  if (facts.fingerprint !== undefined && facts.fingerprint !== fingerprint(arrays)) {
    throw new WeightsError({
      subject: path,
      problem: "holds other weights than its manifest says",
      remedy: "Publish the weights again, or fetch the file again"
    })
  }
  return { model, params, arrays, facts }
}
