/** The manifest of published weights: the facts that a program needs to use them, and how they were made. */
import type { Normalisation, Sizing, TrainState } from "../../elements.ts"
import { fingerprint } from "./fingerprint.ts"

/** The form of the manifest in this version. */
export const FORMAT = "orbitrank weights 2"

/** How weights were trained. */
export interface TrainingFacts {
  readonly experiment: string
  /** Number of finished epochs and of finished optimiser steps. */
  readonly epochs: number
  readonly steps: number
  readonly seed: number
  /** Parameters of `optimise`, but for the network. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Figures of `validate` after the last epoch; `null` for an undefined figure. */
  readonly validation?: Readonly<Record<string, number | null>>
}

/** The manifest, as JSON in the metadata of a published file. */
export interface Manifest {
  readonly format: typeof FORMAT
  /** Parameters of the network, every default filled in. */
  readonly architecture: Readonly<Record<string, unknown>>
  readonly bands: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
  readonly normalisation: Normalisation
  /** Size of the images in pixels, and the steps that bring images to it; `null` if the size is unknown. */
  readonly input: {
    readonly height: number | null
    readonly width: number | null
    readonly sizing: ReadonlyArray<Sizing>
  }
  readonly fingerprint: string
  /** SPDX name of the licence; `null` if none was given. */
  readonly licence: string | null
  readonly training: TrainingFacts
  /** Versions of the programs that trained. */
  readonly versions: Readonly<Record<string, string>>
}

/**
 * Parameters of a network with JSON's own types: lists are lists, and `null` stands for an absent projection.
 *
 * @example
 * architectureOf({ backbone: "resnet18", parts: "[[1,1,1]]", embedding_dim: "none" }) // => { backbone: "resnet18", parts: [[1, 1, 1]], embedding_dim: null }
 */
export const architectureOf = (model: TrainState["network"]["model"]): Readonly<Record<string, unknown>> => ({
  ...model,
  ...(typeof model.parts === "string" ? { parts: JSON.parse(model.parts) } : {}),
  ...(model.embedding_dim === "none" ? { embedding_dim: null } : {})
})

/** Facts that the state of a training does not hold. */
export interface Surroundings {
  readonly normalisation: Normalisation
  readonly sizing: ReadonlyArray<Sizing>
  readonly licence: string | undefined
  readonly experiment: string
  readonly validation: Readonly<Record<string, number>> | undefined
  readonly versions: Readonly<Record<string, string>>
}

const finiteOrNull = (figures: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number.isFinite(value) ? value : null]))

/** The manifest of the weights of a state. */
export const manifestOf = (
  { configuration, epoch, images, network, seed, step, weights }: TrainState,
  { experiment, licence, normalisation, sizing, validation, versions }: Surroundings
): Manifest => ({
  format: FORMAT,
  architecture: architectureOf(network.model),
  bands: network.bands,
  classes: network.classes,
  normalisation,
  input: { height: images?.height ?? null, width: images?.width ?? null, sizing },
  fingerprint: fingerprint(weights),
  licence: licence ?? null,
  training: {
    ...{ experiment, epochs: epoch, steps: step, seed, parameters: configuration },
    ...(validation === undefined ? {} : { validation: finiteOrNull(validation) })
  },
  versions
})
