import { Effect, Stream } from "effect"
import type { Misfit } from "../../../pipeline/check.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Flag, optional, param } from "../../../pipeline/param.ts"
import { peeked } from "../../../pipeline/peek.ts"
import { canonical } from "../../../pipeline/print.ts"
import { kept, type Self } from "../../../pipeline/step.ts"
import { onBadPatch } from "../../data/patches/bad-patches.ts"
import { BATCHES_AHEAD, Batch, Embeddings, type Origin } from "../../elements.ts"
import { makeModel } from "../../model/model.ts"
import { normalisationOf } from "../../model/normalisation.ts"
import { type GivenModel, ModelParams, pretrainedFile, WeightsFile } from "../../model/params.ts"
import { fingerprint } from "../../model/weights/fingerprint.ts"
import { describeWeights } from "../../model/weights/network-file.ts"
import { onnxFaults, onnxReads } from "../../onnx/onnx-faults.ts"
import { OnnxParams } from "../../onnx/params.ts"
import { Run } from "../../run.ts"
import { engine } from "../../tensor/engine.ts"
import { withoutGraph } from "../../tensor/without-graph.ts"
import { embedGood } from "./checked-batches.ts"
import { embedOnnx } from "./embed-onnx.ts"
import { namedFile, networkOf, settledWeights, weightsFor } from "./embed-weights.ts"
import { EmbedError } from "./extract.ts"
import { batchesTogether, openExtraction } from "./extraction.ts"

export { EmbedError } from "./extract.ts"

/**
 * Class names of predicted labels if the images have no classes: those of the weights, else numbers.
 *
 * @param named class names that the weights give
 */
const classesOf = (named: ReadonlyArray<string> | undefined, count: number): ReadonlyArray<string> =>
  named ?? Array.from({ length: count }, (_, c) => `class ${c}`)

/** Checks that a batch has the bands of the first one, whose order the weights follow. */
const checkBands = (first: Batch, batch: Batch): Effect.Effect<void, EmbedError> =>
  first.bands.join("\0") === batch.bands.join("\0")
    ? Effect.void
    : new EmbedError({
        subject: `batch of ${batch.names[0] ?? "nothing"} and others`,
        problem: `has the bands ${batch.bands.join(", ")}, but the batches before it have ${first.bands.join(", ")}`,
        remedy: "Read all patches with the same bands"
      })

interface Choice {
  readonly model: GivenModel | undefined
  readonly onnx: OnnxParams | undefined
  readonly weights: WeightsFile
  readonly predict: boolean
}

/** A network is given once, and parameters that belong to `model` do not stand beside `onnx`. */
const choiceFaults = ({ model, onnx, predict, weights }: Choice): ReadonlyArray<Misfit> => {
  const fault = (key: string, problem: string): Misfit => ({ path: [key], key: true, problem })
  if (onnx === undefined) {
    const unknown = model === undefined && weights === "initial"
    return unknown ? [fault("model", "is missing: `weights: initial` are those of a network in `model`")] : []
  }
  return [
    ...(model === undefined ? [] : [fault("onnx", "is given beside `model`; remove one of them")]),
    ...(weights === "newest" ? [] : [fault("weights", "belongs to `model`, but `onnx` is given")]),
    ...(predict ? [fault("predict", "belongs to `model`, but `onnx` is given; use the step `predict`")] : [])
  ]
}

/** A network with its weights, and the origin of what it embeds. */
const network = Effect.fnUntraced(function* (
  { named, params, predict }: { readonly named: WeightsFile; readonly params: ModelParams; readonly predict: boolean },
  first: Batch,
  { before }: Self
) {
  const model = makeModel(params)
  const { arrays, classes: known } = yield* weightsFor(
    named,
    model,
    first,
    predict ? "embeddings and logits" : "embeddings"
  )
  const { root } = yield* Run
  const { bands, height, width } = first
  const weights = fingerprint(arrays)
  const origin: Origin = { weights, bands, height, width, normalisation: normalisationOf(before, root) }
  const tensors = yield* engine
  const extract = yield* openExtraction(tensors, model, { model: params, arrays, predict }, first)
  return { extract, origin, predictedClasses: classesOf(known, params.num_classes) }
})

/** The network that an existing file of weights states; `undefined` if there is none, or the run writes it first. */
const statedIn = (weights: WeightsFile): ModelParams | undefined => {
  try {
    return namedFile(weights).length > 0 ? describeWeights(weights).params : undefined
  } catch {
    return undefined
  }
}

export const embed = operator({
  name: "embed",
  about: "Extracts embeddings: the network's pooled features, each divided by its length.",
  from: Batch,
  to: Embeddings,
  params: {
    model: optional(ModelParams, "The network; by default, the weights file or checkpoint describes it."),
    onnx: optional(
      OnnxParams,
      "A network in an ONNX file, in place of `model`: the file, or a mapping of the file and of settings that it lacks; docs/embeddings.md explains the keys."
    ),
    weights: param(
      WeightsFile,
      "`newest` or `best` checkpoint of the run, `initial` (untrained, or `pretrained`), or a weights file (safetensors, PyTorch or checkpoint). Accepts the same keys as `pretrained`.",
      "newest"
    ),
    predict: param(Flag, "Whether labels are predicted, too (sigmoid of at least 0.5); `save` writes them.", false),
    on_bad_patch: onBadPatch
  },
  ahead: BATCHES_AHEAD,
  declares: {
    network: ({ model, onnx, weights }) => (onnx === undefined ? (model ?? statedIn(weights)) : undefined),
    faults: ({ onnx }, given) => (onnx === undefined ? [] : onnxFaults(onnx, given)),
    reads: ({ model, onnx, weights }) => {
      if (onnx !== undefined) return onnxReads(onnx)
      return weights === "initial" && model !== undefined ? pretrainedFile(model) : namedFile(weights)
    }
  },
  settle: (params) => ({ params, faults: choiceFaults(params) }),
  parts: {
    version: 1,
    settle: (params) =>
      params.onnx === undefined ? settledWeights(params) : Effect.succeed({ params, files: onnxReads(params.onnx) })
  },
  run:
    ({ model, onnx, weights: named, predict, on_bad_patch }, self) =>
    (batches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          if (onnx !== undefined) return yield* embedOnnx(batches, onnx, on_bad_patch, self)
          const { first, all } = yield* peeked(batches)
          if (first === undefined) return Stream.empty
          const params = yield* networkOf(model, named, first)
          const { extract, origin, predictedClasses } = yield* kept(
            self,
            canonical([first.bands, first.classes, first.height, first.width]),
            network({ params, named, predict }, first, self)
          )
          const { weights } = origin
          const labels = predict && first.classes.length === 0 ? { predictedClasses } : {}
          const tensors = yield* engine
          const report = withoutGraph(tensors)
          const embedded = (batch: Batch) =>
            Effect.map(
              Effect.andThen(checkBands(first, batch), Effect.tap(extract(batch), report)),
              (extracted): Embeddings => {
                const { classes, names, size } = batch
                const own = { labels: batch.labels, classes, ...labels, weights, origin }
                // Part-based heads give shorter embeddings on small images, so `model.dim` may be too long.
                return { kind: "embeddings", size, dim: extracted.vectors.length / size, names, ...extracted, ...own }
              }
            )
          return embedGood(on_bad_patch, batchesTogether(tensors), embedded)(all)
        })
      )
})
