/** The steps of a pipeline that embeds images, in a form that the page carries out. */
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { Step } from "../../../pipeline/step.ts"
import { bandNames } from "../../data/patches/bands.ts"
import { momentsOf } from "../../data/patches/normalise.ts"
import { DataError } from "../../formats/data-error.ts"
import { makeModel } from "../../model/model.ts"
import type { GivenModel, WeightsFile } from "../../model/params.ts"
import { fingerprint } from "../../model/weights/fingerprint.ts"
import { networkOf, weightsFor } from "../../retrieve/embeddings/embed-weights.ts"
import { Run } from "../../run.ts"
import { ShowError } from "../show-error.ts"
import type { Collected } from "./collected.ts"
import { textFrom } from "./kit/base64.ts"
import type { NetworkPart, SizeStep } from "./kit/network.ts"
import type { ShownBands } from "./shown-bands.ts"

type Steps = ReadonlyArray<Step>
type Params = Readonly<Record<string, unknown>>

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
  if (embed.onnx !== undefined)
    throw refuse("embeds by ONNX, which the page does not run", "Give `model` and `weights`")
  if (paramsOf(steps, "crop")?.at === "random") throw refuse("crops at random", "Set `at: centre` of `crop`")
  return { images, embed }
}

const sizesOf = (steps: Steps): ReadonlyArray<SizeStep> =>
  steps.flatMap(({ name, params }): ReadonlyArray<SizeStep> => {
    if (name === "crop") return [{ crop: params.size as number }]
    if (name !== "resize") return []
    return [{ resize: params.compat === "original" ? 256 : (params.size as number) }]
  })

/** @throws ShowError if the embeddings of the archive were made with other weights */
const checkOrigin = ({ origin }: Collected, weights: string): void => {
  if (origin === undefined || origin.weights === weights) return
  throw refuse(
    `has other weights (${weights}) than the embeddings (${origin.weights})`,
    "Set `weights` to the file that the embeddings were made with"
  )
}

/**
 * The network and the steps before it.
 *
 * @param steps of a pipeline such as `asked` of configs/search-image.yaml
 */
export const uploadOf = Effect.fnUntraced(function* (steps: Steps, all: Collected, shown: ShownBands) {
  const { root } = yield* Run
  const { embed, images } = yield* attempt(ShowError)(() => checked(steps))
  const selection = images.bands as NetworkPart["bands"]
  const bands = bandNames(selection, (images.names as ReadonlyArray<string> | undefined) ?? [])
  // As for any image without labels, the classes of the file of weights count.
  const target = { bands: all.origin?.bands ?? bands, classes: [] }
  const weights = embed.weights as WeightsFile
  const model = yield* networkOf(embed.model as GivenModel | undefined, weights, target)
  const network = makeModel(model)
  if (network.dim !== all.dim) {
    return yield* refuse(
      `gives ${network.dim} values, but the embeddings have ${all.dim}`,
      "Name the network that made them"
    )
  }
  const { arrays } = yield* weightsFor(weights, network, target, "embeddings")
  yield* attempt(ShowError)(() => checkOrigin(all, fingerprint(arrays)))
  const normalise = paramsOf(steps, "normalise")
  const moments =
    normalise === undefined || normalise.by === "none"
      ? undefined
      : yield* attempt(DataError)(() =>
          momentsOf(normalise.by as string, root, normalise.compat as "none" | "original")
        )
  return {
    ...{ bands: selection, names: images.names as NetworkPart["names"], unit: images.unit as boolean },
    rule: { nodata: images.nodata, fill: images.fill } as NetworkPart["rule"],
    ...{ maxValues: images.max_values as number, sizes: sizesOf(steps), moments, model, shown },
    arrays: arrays.map(({ data, name, shape }) => ({ name, shape, values: textFrom(data) }))
  } satisfies NetworkPart
})
