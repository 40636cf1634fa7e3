import { basename, dirname, join, relative, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { operator } from "../../pipeline/operator.ts"
import { choice, Flag, Name, optional, param } from "../../pipeline/param.ts"
import { messageOf } from "../../pipeline/words.ts"
import { type TrainState, TrainStep } from "../elements.ts"
import { DataError } from "../formats/data-error.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { Run } from "../run.ts"
import { engine } from "../tensor/engine.ts"
import { version } from "../version.ts"
import { makeModel } from "./model.ts"
import { WeightsError } from "./model-error.ts"
import { constantsOf, sizingOf } from "./normalisation.ts"
import { encodeNetwork } from "./onnx/encode.ts"
import type { ModelParams } from "./params.ts"
import { exportWeights } from "./weights/export.ts"
import { type LibraryNetwork, libraryNetwork, underLibraryNames } from "./weights/library-names.ts"
import { type Manifest, manifestOf } from "./weights/manifest.ts"
import { modelCard } from "./weights/model-card.ts"
import { paramsOfFacts } from "./weights/network-file.ts"

interface Form {
  readonly to: string
  readonly as: "safetensors" | "onnx"
  readonly names: "original" | "library"
  readonly normalise: boolean
  readonly card: string | undefined
}

/** The file that is written: `to` with the extension of `as`. */
const fileOf = ({ as, to }: Pick<Form, "as" | "to">): string =>
  as === "onnx" ? to.replace(/\.safetensors$/, ".onnx") : to

const writing = (path: string, body: () => void) =>
  attempt(WeightsError)(() => {
    try {
      body()
    } catch (cause) {
      if (cause instanceof WeightsError) throw cause
      throw new WeightsError({
        subject: path,
        problem: `cannot be written (${messageOf(cause)})`,
        remedy: "Make room, or name another file in `to`",
        cause
      })
    }
  })

/** The network in torchvision or timm. @throws WeightsError if neither has it */
const libraryOf = (params: ModelParams | undefined): LibraryNetwork => {
  const found = params === undefined ? undefined : libraryNetwork(params)
  if (found !== undefined) return found
  throw new WeightsError({
    subject: "publish",
    problem: `torchvision and timm have no network like this ${params?.backbone ?? "one"}`,
    remedy:
      "Remove `names: library`; it is for ResNets, VGGs, EfficientNets and SE networks with output stride 32, average or maximum pooling and the single head, without attention and without `compat: original`"
  })
}

/** The command of this process, as it was typed. */
const command = (): string => {
  const [, program = "", ...rest] = process.argv
  return ["npx tsx", relative(process.cwd(), program), ...rest].join(" ")
}

const onnxOf = (state: TrainState, params: ModelParams, manifest: Manifest, normalise: boolean): Uint8Array => {
  const { bands, input, normalisation } = manifest
  const { by, mean, std } = normalisation
  if (input.height === null || input.width === null) {
    throw new WeightsError({
      subject: "publish",
      problem: "the size of the images is unknown, and an ONNX graph fixes it",
      remedy: "Train one more epoch: checkpoints of older versions do not record the size"
    })
  }
  const known = mean !== undefined && std !== undefined
  if (normalise && !known && by !== "none") {
    throw new WeightsError({
      subject: "publish",
      problem: `the constants of the normalisation ${by} are unknown`,
      remedy: "Remove `normalise: true`, or remove `normalisation`"
    })
  }
  const inside = normalise && known
  // The step `embed` reads these facts of an ONNX file as its defaults.
  const facts = { output: "embeddings", layout: "nchw", bands }
  const metadata = { orbitrank: JSON.stringify(facts), manifest: JSON.stringify(manifest) }
  const options = { height: input.height, width: input.width, metadata }
  return encodeNetwork(
    makeModel(params),
    state.weights,
    inside ? { ...options, normalisation: { mean, std } } : options
  )
}

const bytesOf = (state: TrainState, manifest: Manifest, { as, names, normalise }: Form): Uint8Array => {
  const params = paramsOfFacts(state.network.model)
  if (as === "onnx") {
    if (params === undefined) throw new TypeError("a training without a valid network")
    return onnxOf(state, params, manifest, normalise)
  }
  const arrays = names === "library" ? underLibraryNames(state.weights, libraryOf(params)) : state.weights
  return exportWeights(arrays, manifest)
}

const cardOf = (state: TrainState, manifest: Manifest, { as, names, normalise, to }: Form): string => {
  const params = paramsOfFacts(state.network.model)
  const library = names === "library" && as !== "onnx" ? libraryOf(params) : undefined
  const file = basename(fileOf({ as, to }))
  return modelCard(manifest, { file, form: as, library, inside: normalise, command: command() })
}

/** Steps pass unchanged. The files are replaced after each epoch, each whole or not at all. */
export const publish = operator({
  name: "publish",
  about:
    "Writes the weights after each epoch for other programs: safetensors or ONNX, with a manifest of the network, bands, classes, normalisation, size and training.",
  from: TrainStep,
  to: TrainStep,
  params: {
    to: param(Name, "The file, in the run folder; with `as: onnx` it ends in .onnx.", "weights.safetensors"),
    as: param(
      choice("safetensors", "onnx"),
      "`safetensors`: arrays with the manifest; `onnx`: the whole network, for ONNX Runtime and other programs.",
      "safetensors"
    ),
    names: param(
      choice("original", "library"),
      "Array names in safetensors: `original` as in the original, `library` as in torchvision (ResNet, VGG, EfficientNet) or timm (SE networks).",
      "original"
    ),
    normalise: param(
      Flag,
      "Whether the ONNX network normalises images itself; its input is then raw pixel values.",
      false
    ),
    normalisation: optional(
      Name,
      "Name of the normalisation in the manifest; by default the manifest holds the name and the constants of the preceding step `normalise`."
    ),
    licence: optional(Name, "Licence of the weights, as its SPDX name, such as `CC-BY-4.0`."),
    card: optional(
      Name,
      "File name of a model card in Hugging Face format, written beside the weights, such as `README.md`."
    )
  },
  declares: {
    writes: ({ as, card, to }) => [fileOf({ as, to }), ...(card === undefined ? [] : [join(dirname(to), card)])]
  },
  run:
    ({ licence, normalisation, ...form }, { before = [] }) =>
    (steps) =>
      Stream.mapEffect(steps, (step: TrainStep) =>
        Effect.gen(function* () {
          const { state, validation } = step
          if (state === undefined) return step
          const { experiment, folder, root, wrote } = yield* Run
          const { name, version: library } = yield* engine
          const path = resolve(folder, fileOf(form))
          const constants = yield* attempt(
            DataError,
            WeightsError
          )(() => {
            if (normalisation !== undefined) return { by: normalisation }
            return state.images?.normalisation ?? constantsOf(before, state.network.bands, root)
          })
          const versions = { orbitrank: version, node: process.versions.node, engine: `${name}, ${library}` }
          const about = {
            normalisation: constants,
            sizing: state.images?.sizing ?? sizingOf(before),
            licence,
            experiment,
            validation,
            versions
          }
          const manifest = manifestOf(state, about)
          yield* writing(path, () => writeFileAtomic(path, bytesOf(state, manifest, form)))
          yield* wrote(path)
          if (form.card === undefined) return step
          const card = join(dirname(path), form.card)
          yield* writing(card, () => writeFileAtomic(card, Buffer.from(cardOf(state, manifest, form))))
          yield* wrote(card)
          return step
        })
      )
})
