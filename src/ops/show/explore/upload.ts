/** The steps of a pipeline that embeds images, in a form that the page carries out. */
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { Step } from "../../../pipeline/step.ts"
import { bandNames, channelsOf } from "../../data/patches/bands.ts"
import { momentsOf } from "../../data/patches/normalise.ts"
import { DataError } from "../../formats/data-error.ts"
import { makeModel } from "../../model/model.ts"
import type { GivenModel, WeightsFile } from "../../model/params.ts"
import { fingerprint } from "../../model/weights/fingerprint.ts"
import { networkFingerprint } from "../../onnx/encode.ts"
import { valuesOf } from "../../onnx/encoder.ts"
import { OnnxError } from "../../onnx/onnx-error.ts"
import { type KnownNetwork, knownNetwork, type OnnxParams } from "../../onnx/params.ts"
import { networkOf, weightsFor } from "../../retrieve/embeddings/embed-weights.ts"
import { Run } from "../../run.ts"
import { ShowError } from "../show-error.ts"
import type { Collected } from "./collected.ts"
import { textFrom } from "./kit/base64.ts"
import type { NetworkPart, OwnNetwork, SizeStep } from "./kit/network.ts"
import type { ShownBands } from "./shown-bands.ts"

type Steps = ReadonlyArray<Step>
type Params = Readonly<Record<string, unknown>>
type Sizes = ReadonlyArray<SizeStep>

const refuse = (problem: string, remedy: string) => new ShowError({ subject: "upload of `explore`", problem, remedy })

/** Steps that the page carries out; `batch` has no effect on one image. */
const KNOWN = ["images", "crop", "resize", "normalise", "batch", "embed"]

const paramsOf = (steps: Steps, name: string): Params | undefined => steps.find((step) => step.name === name)?.params

/** @throws ShowError if the pipeline has a step that the page does not know, or lacks one that it needs */
const checked = (steps: Steps): { readonly images: Params; readonly embed: Params } => {
  const strange = steps.find(({ name }) => !KNOWN.includes(name))
  if (strange !== undefined) {
    throw refuse(`has the step \`${strange.name}\`, which the page does not carry out`, `Use ${KNOWN.join(", ")} alone`)
  }
  const [images, embed] = [paramsOf(steps, "images"), paramsOf(steps, "embed")]
  if (images === undefined || embed === undefined) {
    throw refuse("needs the steps `images` and `embed`", "See configs/explore.yaml")
  }
  if (paramsOf(steps, "crop")?.at === "random") throw refuse("crops at random", "Set `at: centre` of `crop`")
  return { images, embed }
}

const sizesOf = (steps: Steps): ReadonlyArray<SizeStep> =>
  steps.flatMap(({ name, params }): ReadonlyArray<SizeStep> => {
    if (name === "crop") return [{ crop: params.size as number }]
    if (name !== "resize") return []
    return [{ resize: params.compat === "original" ? 256 : (params.size as number) }]
  })

/** @throws ShowError if the vectors of the network and the embeddings of the archive differ in length */
const checkLength = ({ dim }: Collected, values: number | undefined): void => {
  if (values === undefined || values === dim) return
  throw refuse(`gives ${values} values, but the embeddings have ${dim}`, "Name the network that made them")
}

/** @throws ShowError if the embeddings of the archive were made with other weights */
const checkOrigin = ({ origin }: Collected, weights: string): void => {
  if (origin === undefined || origin.weights === weights) return
  throw refuse(
    `has other weights (${weights}) than the embeddings (${origin.weights})`,
    "Give the file of the network that made the embeddings"
  )
}

/** The arrays of a network of `model`. */
const ownNetwork = Effect.fnUntraced(function* (embed: Params, images: Params, all: Collected) {
  const selection = images.bands as NetworkPart["bands"]
  const bands = bandNames(selection, (images.names as ReadonlyArray<string> | undefined) ?? [])
  // As for any image without labels, the classes of the file of weights count.
  const target = { bands: all.origin?.bands ?? bands, classes: [] }
  const weights = embed.weights as WeightsFile
  const model = yield* networkOf(embed.model as GivenModel | undefined, weights, target)
  const network = makeModel(model)
  yield* attempt(ShowError)(() => checkLength(all, network.dim))
  const { arrays } = yield* weightsFor(weights, network, target, "embeddings")
  yield* attempt(ShowError)(() => checkOrigin(all, fingerprint(arrays)))
  return { model, arrays: arrays.map(({ data, name, shape }) => ({ name, shape, values: textFrom(data) })) }
})

/** A network in an ONNX file, if it fits the images and made the embeddings. */
const onnxNetwork = Effect.fnUntraced(function* (params: OnnxParams, images: Params, sizes: Sizes, all: Collected) {
  const known = yield* attempt(DataError, OnnxError)(() => knownNetwork(params))
  const selection = images.bands as NetworkPart["bands"]
  const given = typeof selection === "string" ? { channels: channelsOf(selection) } : { bands: selection }
  const last = sizes.at(-1)
  const size = last === undefined ? undefined : "crop" in last ? last.crop : last.resize
  const values = yield* attempt(OnnxError)(() => valuesOf(known, { ...given, height: size, width: size }))
  yield* attempt(ShowError)(() => checkLength(all, values))
  const print = yield* networkFingerprint(known)
  yield* attempt(ShowError)(() => checkOrigin(all, print))
  return known
})

/** The steps before the network, and the network: of `model`, or in an ONNX file, which is written beside the page. */
export interface Upload {
  readonly steps: Omit<NetworkPart, "network">
  readonly network: OwnNetwork | KnownNetwork
}

/**
 * The steps of a pipeline and its network.
 *
 * @param steps of a pipeline such as `dropped` of configs/explore.yaml
 */
export const uploadOf = Effect.fnUntraced(function* (steps: Steps, all: Collected, shown: ShownBands) {
  const { root } = yield* Run
  const { embed, images } = yield* attempt(ShowError)(() => checked(steps))
  const sizes = sizesOf(steps)
  const onnx = embed.onnx as OnnxParams | undefined
  const network = yield* onnx === undefined ? ownNetwork(embed, images, all) : onnxNetwork(onnx, images, sizes, all)
  const normalise = paramsOf(steps, "normalise")
  const moments =
    normalise === undefined || normalise.by === "none"
      ? undefined
      : yield* attempt(DataError)(() =>
          momentsOf(normalise.by as string, root, normalise.compat as "none" | "original")
        )
  const before: Upload["steps"] = {
    bands: images.bands as NetworkPart["bands"],
    ...{ names: images.names as NetworkPart["names"], unit: images.unit as boolean },
    rule: { nodata: images.nodata, fill: images.fill } as NetworkPart["rule"],
    ...{ maxValues: images.max_values as number, sizes, moments, shown }
  }
  return { steps: before, network } satisfies Upload
})
