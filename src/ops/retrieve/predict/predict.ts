import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, listOf, Name, optional, Probability, param } from "../../../pipeline/param.ts"
import { BATCHES_AHEAD, Batch, type Embeddings, Predictions } from "../../elements.ts"
import { FileStem } from "../../filename.ts"
import { DataError } from "../../formats/data-error.ts"
import { OnnxError } from "../../onnx/onnx-error.ts"
import { knownNetwork, type OnnxParams } from "../../onnx/params.ts"
import { Run } from "../../run.ts"
import { embed } from "../embeddings/embed.ts"
import { embedOnnx } from "../embeddings/embed-onnx.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { writing } from "../writing.ts"
import { ACTIVATIONS, type Activation, probabilitiesOf } from "./activation.ts"
import { inOrder } from "./class-order.ts"
import { PredictionsFile } from "./predictions-file.ts"
import { publishFigures } from "./publish-figures.ts"

type Fault = (typeof embed)["~E"]
type Services = (typeof embed)["~R"]
const { model, on_bad_patch, onnx, weights } = embed.params

/** What a network gives for a batch: one number per class, as probabilities. */
interface Output {
  readonly images: Embeddings
  readonly probabilities: Float32Array
  readonly named: ReadonlyArray<string> | undefined
}

const ofModel = ({ probabilities = new Float32Array(0), ...images }: Embeddings): Output => ({
  images,
  probabilities,
  // Weights are put into the order of the images' classes, if they have any.
  named: images.predictedClasses
})

const ofOnnx = (params: OnnxParams, activation: Activation, given: ReadonlyArray<string> | undefined) => {
  const named = given ?? knownNetwork(params).facts.classes
  return (images: Embeddings): Output => ({
    images,
    named,
    probabilities: probabilitiesOf(images.vectors, images.dim, activation)
  })
}

const predictionsOf = ({ images, named, probabilities }: Output, threshold: number): Predictions => {
  const { names, size } = images
  const { classes, labels } = inOrder(images, probabilities.length / size, named)
  return { kind: "predictions", size, names, classes, probabilities, threshold, labels }
}

/** Figures of all batches, if their images have labels. */
const report = (batches: ReadonlyArray<Predictions>, path: string, name: string) => {
  const labelled = batches.flatMap(({ labels, probabilities }) =>
    labels === undefined ? [] : [{ labels, probabilities }]
  )
  if (batches.length === 0 || labelled.length < batches.length) return Effect.void
  const [{ classes, threshold }] = batches
  const file = `${path}.figures.json`
  return publishFigures({ batches: labelled, classes, threshold, file, key: `predictions.${name}` })
}

/**
 * Predicts the labels of images: writes the probability of every class to `NAME.csv`, and names, labels and probabilities to
 * `NAME.json`. If the images have labels, it also computes figures of classification, prints them, and writes them to
 * `NAME.figures.json` and under `predictions.NAME` in the record. The files appear after the last batch.
 */
export const predict = operator({
  name: "predict",
  about:
    "Predicts labels with probabilities, as NAME.csv and NAME.json; for labelled images also F1, average precision and accuracy.",
  from: Batch,
  to: Predictions,
  params: {
    model,
    onnx,
    weights,
    on_bad_patch,
    to: param(FileStem, "Name of the files in the run folder, without extension.", "predictions"),
    threshold: param(Probability, "Smallest probability at which a label counts as predicted.", 0.5),
    activation: param(
      choice(...ACTIVATIONS),
      "How the output of an ONNX network becomes probabilities: `sigmoid` for each class, `softmax` for one class per image, `none` if the output is a probability already. A network of `model` always uses the sigmoid.",
      "sigmoid"
    ),
    classes: optional(
      listOf(Name),
      "Names of the classes of an ONNX network, in the order of its outputs; by default the classes in its metadata, else the classes of the images."
    )
  },
  ahead: BATCHES_AHEAD,
  declares: {
    ...embed.declares,
    writes: ({ to }) => [`${to}.csv`, `${to}.json`, `${to}.figures.json`]
  },
  settle: (params) => ({
    params,
    faults: [
      ...(embed.settle?.({ ...params, predict: false }).faults ?? []),
      ...(params.onnx === undefined && (params.activation !== "sigmoid" || params.classes !== undefined)
        ? [
            {
              path: [params.classes === undefined ? "activation" : "classes"],
              key: true,
              problem: "belongs to `onnx`, but the network is that of `model` or `weights`"
            }
          ]
        : [])
    ]
  }),
  run:
    ({ activation, classes, threshold, to, ...network }, self) =>
    (batches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, wrote } = yield* Run
          const path = join(folder, to)
          const file = yield* Effect.acquireRelease(
            writing(path, () => new PredictionsFile(path)),
            (opened) => Effect.sync(() => opened.abandon())
          )
          const all: Array<Predictions> = []
          const kept = (output: Output) =>
            Effect.gen(function* () {
              const predictions = yield* attempt(RetrieveError)(() => predictionsOf(output, threshold))
              yield* writing(path, () => file.append(predictions))
              if (predictions.labels !== undefined) all.push(predictions)
              return predictions
            })
          const byModel = () =>
            Stream.map(
              embed.run({ ...network, predict: true }, self)(batches as never) as Stream.Stream<
                Embeddings,
                Fault,
                Services
              >,
              ofModel
            )
          const byOnnx = (given: OnnxParams) =>
            Effect.map(
              attempt(DataError, OnnxError)(() => ofOnnx(given, activation, classes)),
              (outputOf) =>
                Stream.map(Stream.unwrap(embedOnnx(batches, given, network.on_bad_patch, self, false)), outputOf)
            )
          const outputs: Stream.Stream<Output, Fault, Services> =
            network.onnx === undefined ? byModel() : Stream.unwrap(byOnnx(network.onnx))
          const finish = Effect.suspend(() =>
            writing(path, () => file.finish()).pipe(
              Effect.andThen(Effect.forEach(file.paths, wrote, { discard: true })),
              Effect.andThen(report(all, path, to))
            )
          )
          return outputs.pipe(Stream.mapEffect(kept), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
        })
      )
})
