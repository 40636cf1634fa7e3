/** Networks in ONNX files, computed by ONNX Runtime Web in a worker thread. */
import source from "thread:network/onnx-thread.ts"
import type { Patch } from "../../../../elements.ts"
import { joined } from "../../../../joined.ts"
import type { OnnxArray } from "../../../../onnx/array.ts"
import { encoderOf } from "../../../../onnx/encoder.ts"
import { checkBytes, feedOf } from "../../../../onnx/feed.ts"
import { vectorsOf } from "../../../../onnx/pool.ts"
import { bytesFrom } from "../../kit/base64.ts"
import { partName } from "../../kit/contents.ts"
import type { OnnxNetwork, RuntimePart } from "../../kit/network.ts"
import { part } from "../load.ts"
import { type Ask, openThread } from "../thread.ts"
import type { Question } from "./onnx-thread.ts"
import type { Embed } from "./own.ts"

/** Loads the files of a network. Their pieces are numbered through. */
const loadFiles = async (files: OnnxNetwork["files"]) => {
  let number = 0
  const loaded: Array<{ readonly path: string; readonly data: Uint8Array<ArrayBuffer> }> = []
  for (const { name, pieces } of files) {
    const parts: Array<Uint8Array<ArrayBuffer>> = []
    for (let i = 0; i < pieces; i++) parts.push(bytesFrom(await part<string>(partName("onnx", number++))))
    loaded.push({ path: name, data: joined(parts) })
  }
  return loaded
}

const openRuntime = async (files: OnnxNetwork["files"]): Promise<Ask<Question>> => {
  const { code, wasm } = await part<RuntimePart>("runtime")
  const ask = openThread<Question>([code, source])
  const [{ data: model }, ...external] = await loadFiles(files)
  const bytes = bytesFrom(wasm)
  const moved = [bytes, model, ...external.map(({ data }) => data)].map(({ buffer }) => buffer)
  await ask({ kind: "open", wasm: bytes, model, external }, moved)
  return ask
}

/** @returns rejects if ONNX Runtime cannot load the network */
export const openOnnx = async ({ files, known }: OnnxNetwork): Promise<Embed> => {
  const { description, facts } = known
  const ask = await openRuntime(files).catch(({ message }: Error) => {
    throw new Error(`${description.file}: ONNX Runtime Web cannot load it (${message}).`)
  })
  return async ({ bands, height, image, width }: Patch) => {
    const { batch = 1, feed, input, output, pool } = encoderOf(known, { bands, height, width })
    checkBytes(description.file, feed, facts.range, image)
    const given = feedOf({ images: image, size: 1, height, width }, batch, feed)
    const found = await ask<OnnxArray>({ kind: "run", input, given, output }).catch(({ message }: Error) => {
      throw new Error(`${description.file}: ONNX Runtime Web cannot run it (${message}).`)
    })
    const { dim, vectors } = vectorsOf(output, found, pool)
    return vectors.slice(0, dim)
  }
}
