/** Networks with weights as ONNX files. */
import type { NamedArray } from "../../elements.ts"
import { encodeOnnx } from "../../formats/onnx/write.ts"
import { version } from "../../version.ts"
import type { Model } from "../model.ts"
import { engineShape } from "../weights/layout.ts"
import { GraphBuilder } from "./graph.ts"
import { traceEngine } from "./trace-engine.ts"
import { Traced } from "./traced.ts"

/** Names of the input and the outputs. */
export const [IMAGES, EMBEDDINGS, LOGITS] = ["images", "embeddings", "logits"]

/** Below the length of any embedding but one of zeros, which stays zeros. */
const LEAST = 1e-30

export interface OnnxOptions {
  /** Size of the images in pixels. The graph fixes it; the number of images is free. */
  readonly height: number
  readonly width: number
  /** Mean and standard deviation of each band, if the graph normalises images itself. */
  readonly normalisation?: { readonly mean: ReadonlyArray<number>; readonly std: ReadonlyArray<number> } | undefined
  /** Texts by name that the file carries. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** (image - mean) / std for each channel. */
const normalised = (graph: GraphBuilder, images: Traced, { mean, std }: NonNullable<OnnxOptions["normalisation"]>) => {
  const constant = (name: string, values: ReadonlyArray<number>) =>
    graph.constant(name, [values.length, 1, 1], Float32Array.from(values))
  const centred = images.apply("Sub", images.shape, [constant("normalisation.mean", mean)])
  return centred.apply("Div", images.shape, [constant("normalisation.std", std)])
}

/**
 * A network with its weights as an ONNX file of opset 17: input `images` float32 [n, channels, height, width], outputs
 * `embeddings` float32 [n, dim], each divided by its length, and `logits` float32 [n, classes].
 *
 * The graph is traced from the layers themselves, so it holds for every backbone, attention, pooling and head. Batch norms
 * are folded into the convolution before them where there is one.
 *
 * @param arrays all arrays of the network, in the layout of files
 * @throws TypeError if a layer uses an operation that cannot be traced
 */
export const encodeNetwork = (
  model: Model,
  arrays: ReadonlyArray<NamedArray>,
  { height, metadata = {}, normalisation, width }: OnnxOptions
): Uint8Array => {
  const graph = new GraphBuilder()
  const given = new Map(arrays.map((array) => [array.name, array]))
  const parameters = new Map<string, Traced>()
  const get = (name: string) => {
    const array = given.get(name)
    if (array === undefined) throw new TypeError(`no weights under the name ${name}`)
    const constant = array.data as Float32Array
    const made =
      parameters.get(name) ??
      new Traced(graph, engineShape(array.shape), graph.constant(name, array.shape, constant), { constant })
    parameters.set(name, made)
    return made.tensor
  }
  const channels = model.params.channels
  const images = new Traced(graph, [1, height, width, channels], IMAGES)
  const input = normalisation === undefined ? images : normalised(graph, images, normalisation)
  const { embedding, logits } = model.predict(
    { engine: traceEngine(graph), get, observe: undefined },
    input.tensor
  ) as unknown as { readonly embedding: Traced; readonly logits: Traced }
  const length = embedding.apply("ReduceL2", [1, 1], [], { axes: [1], keepdims: 1 }).maximum(LEAST)
  graph.node("Div", [embedding.name, length.name], {}, EMBEDDINGS)
  graph.node("Identity", [logits.name], {}, LOGITS)
  const finished = graph.finish(
    model.params.backbone,
    [{ name: IMAGES, shape: ["n", channels, height, width] }],
    [
      { name: EMBEDDINGS, shape: ["n", embedding.shape[1]] },
      { name: LOGITS, shape: ["n", logits.shape[1]] }
    ]
  )
  return encodeOnnx(finished, { name: "orbitrank", version }, metadata)
}
