/** Extraction by ONNX Runtime in a worker thread: networks of orbitrank as the graph that `publish: { as: onnx }` writes. */
import { messageOf } from "../../../pipeline/words.ts"
import type { Batch, NamedArray } from "../../elements.ts"
import { type Model, makeModel } from "../../model/model.ts"
import { EMBEDDINGS, encodeNetwork, IMAGES, LOGITS } from "../../model/onnx/encode.ts"
import type { ModelParams } from "../../model/params.ts"
import { feedOf } from "../../onnx/feed.ts"
import { OnnxError } from "../../onnx/onnx-error.ts"
import { type OnnxSession, openSession } from "../../onnx/runtime.ts"
import type { Work } from "../../workers/thread.ts"
import { type Extracted, labelled } from "./extract.ts"

/** Data of the thread: the network that it applies. */
export interface Inferred {
  readonly model: ModelParams
  readonly arrays: ReadonlyArray<NamedArray>
  readonly predict: boolean
  readonly threads: number
}

/** Size of images; the graph fixes it. */
export type Size = Pick<Batch, "height" | "width">

/** @throws OnnxError if a layer cannot be written as ONNX */
const graphOf = (model: Model, arrays: ReadonlyArray<NamedArray>, { height, width }: Size): Uint8Array => {
  try {
    return encodeNetwork(model, arrays, { height, width })
  } catch (cause) {
    throw new OnnxError({
      subject: model.params.backbone,
      problem: `this network cannot be written as ONNX (${messageOf(cause)})`,
      remedy: "Set `device: wasm`, or `device: tensorflow`",
      cause
    })
  }
}

const extracted = async (session: OnnxSession, batch: Batch, predict: boolean): Promise<Extracted> => {
  const count = batch.bands.length
  const feed = feedOf(batch, batch.size, {
    ...{ type: "float32", layout: "nchw", time: undefined },
    channels: batch.bands.map((_, c) => c),
    factors: new Array<number>(count).fill(1),
    shifts: new Array<number>(count).fill(0)
  })
  const found = await session.run({ [IMAGES]: feed }, predict ? [EMBEDDINGS, LOGITS] : [EMBEDDINGS])
  const vectors = found[EMBEDDINGS].data as Float32Array
  return predict ? { vectors, ...labelled(found[LOGITS].data as Float32Array) } : { vectors }
}

/** A size alone opens the network for images of that size. */
export const work: Work<Inferred, Batch | Size, Extracted | undefined> = ({ arrays, model, predict, threads }) => {
  const network = makeModel(model)
  let opened: { readonly size: string; readonly session: OnnxSession } | undefined
  const sessionFor = async (size: Size): Promise<OnnxSession> => {
    const key = `${size.height}x${size.width}`
    if (opened?.size === key) return opened.session
    await opened?.session.release()
    opened = undefined
    opened = { size: key, session: await openSession(graphOf(network, arrays, size), { provider: "cpu", threads }) }
    return opened.session
  }
  return async (input) => {
    const session = await sessionFor(input)
    if (!("images" in input)) return { output: undefined }
    const output = await extracted(session, input, predict)
    return { output, transfer: [output.vectors.buffer] }
  }
}
