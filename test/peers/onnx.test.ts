/** Networks written as ONNX give the same numbers in ONNX Runtime as here. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect } from "vitest"
import { encodeNetwork } from "../../src/ops/model/onnx/encode.ts"
import { uploadArrays } from "../../src/ops/model/weights/tensors.ts"
import { normaliseRows } from "../../src/ops/retrieve/unit-length.ts"
import type { Engine } from "../../src/ops/tensor/engine.ts"
import { type Case, cases, modelOf } from "../ops/model/cases.ts"
import { channelsFirst, recordedInput, ruled } from "../ops/model/recorded.ts"
import { opened } from "../ops/tensor/with-engine.ts"
import { peer } from "./python.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-onnx-"))
afterAll(() => rmSync(folder, { recursive: true }))

interface Checked {
  readonly errors: Readonly<Record<string, number>>
  readonly alone: ReadonlyArray<number>
  readonly opset: ReadonlyArray<number>
  readonly types: ReadonlyArray<string>
}

/** Writes a network, its input and its outputs here. */
const write = (engine: Engine, one: Case): string => {
  const model = modelOf(one)
  const arrays = model.parameters.map((parameter) => ruled(parameter, one))
  const [N, C, H, W] = one.input
  const images = recordedInput(one.input, one.input_phase)
  const weights = uploadArrays(engine, arrays)
  const put = (name: string, values: Float32Array) => writeFileSync(join(folder, `${name}.f32`), values)
  engine.scope(() => {
    const pass = { engine, get: weights.get, observe: undefined }
    const { embedding, logits } = model.predict(pass, engine.tensor(images, [N, H, W, C]))
    put("embeddings", normaliseRows(engine.read(embedding), embedding.shape[1] ?? 0))
    put("logits", engine.read(logits))
  })
  weights.dispose()
  put("images", channelsFirst(images, one.input))
  const path = join(folder, "network.onnx")
  writeFileSync(path, encodeNetwork(model, arrays, { height: H, width: W }))
  return path
}

describe("networks as ONNX are valid, and give the same numbers to 1e-5", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })

  for (const one of cases) {
    peer(one.id, ["onnx", "onnxruntime"], async (python) => {
      const path = write(engine, one)
      const got = (await python("onnx_network", path, JSON.stringify(one.input), folder)) as Checked
      expect(got.opset).toEqual([17])
      expect(got.alone[0]).toBe(1)
      for (const [name, error] of Object.entries(got.errors)) expect(error, name).toBeLessThanOrEqual(1e-5)
    })
  }
})
