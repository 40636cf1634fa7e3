import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { EngineRecord } from "../../../src/experiments/folder/record.ts"
import { settings } from "../../../src/experiments/plan/settings.ts"
import { engineLayer, engineWarning, graphMode, inferenceMode } from "../../../src/experiments/running/engine.ts"
import { engine } from "../../../src/ops/tensor/engine.ts"
import { decodeParams } from "../../../src/pipeline/decode.ts"

const record: EngineRecord = { name: "tensorflow", version: "TensorFlow 2.15.1", threads: 2, gpu: false, why: "" }

describe("the engine of a run", () => {
  it("is entered in the record when an operator asks for it, once", async () => {
    const entered: Array<EngineRecord> = []
    const layer = engineLayer({ device: "cpu" }, (one) => entered.push(one))
    const twice = Effect.flatMap(engine, () => engine)
    await Effect.runPromise(Effect.provide(Effect.void, layer))
    expect(entered).toEqual([])
    await Effect.runPromise(Effect.provide(twice, layer))
    expect(entered).toMatchObject([{ name: "cpu", threads: 1, precision: "float32", gpu: false }])
  })

  it("warns where a run goes on with another engine or thread count", () => {
    expect(engineWarning(undefined, record)).toBeUndefined()
    expect(engineWarning(record, { ...record, why: "otherwise" })).toBeUndefined()
    expect(engineWarning(record, { ...record, threads: 1 })).toBe(
      "Note: this run began on tensorflow (TensorFlow 2.15.1, 2 threads) and continues on tensorflow (TensorFlow 2.15.1, 1 thread); numbers may differ in their last digits."
    )
    expect(engineWarning(record, { ...record, gpu: true })).toBe(
      "Note: this run began on tensorflow (TensorFlow 2.15.1, 2 threads) and continues on tensorflow (TensorFlow 2.15.1, 2 threads, GPU); numbers may differ in their last digits."
    )
  })

  it("runs graphs by default, but continues as it began, and says where the user changes that", () => {
    expect(graphMode(undefined, undefined)).toBe(true)
    // A run of version 0.1.0 has no word of graphs in its record.
    expect(graphMode(undefined, record)).toBe(false)
    expect(graphMode(undefined, { ...record, graph: false })).toBe(false)
    expect(graphMode(undefined, { ...record, graph: true })).toBe(true)
    expect(graphMode(undefined, { ...record, name: "wasm" })).toBe(true)
    expect(graphMode(true, record)).toBe(true)
    expect(graphMode(false, { ...record, graph: true })).toBe(false)
    expect(engineWarning(record, { ...record, graph: true })).toBe(
      "Note: this run began on tensorflow (TensorFlow 2.15.1, 2 threads) and continues on tensorflow (TensorFlow 2.15.1, 2 threads, graphs); numbers may differ in their last digits."
    )
  })

  it("computes embeddings as the run began: with ONNX Runtime or without", () => {
    const wasm: EngineRecord = { name: "wasm", version: "TensorFlow.js 4.22.0", threads: 1, gpu: false, why: "" }
    const onnx = { ...wasm, inference: "ONNX Runtime 1.30.0" }
    expect([undefined, wasm, onnx].map(inferenceMode)).toEqual([true, false, true])
    expect(engineWarning(wasm, onnx)).toBe(
      "Note: this run began on wasm (TensorFlow.js 4.22.0, 1 thread) and continues on wasm (TensorFlow.js 4.22.0, 1 thread, embeddings by ONNX Runtime 1.30.0); numbers may differ in their last digits."
    )
  })

  it("warns where a run goes on in another precision", () => {
    // Records of versions before precision was a setting do not have it.
    expect(engineWarning(record, { ...record, precision: "float32" })).toBeUndefined()
    expect(engineWarning(record, { ...record, precision: "bf16" })).toBe(
      "Note: this run began on tensorflow (TensorFlow 2.15.1, 2 threads) and continues on tensorflow (TensorFlow 2.15.1, 2 threads, bf16); numbers may differ from the third digit."
    )
    expect(engineWarning({ ...record, precision: "bf16" }, record)).toMatch(/from the third digit/)
  })
})

describe("its settings", () => {
  const faults = (given: Record<string, unknown>) => decodeParams(settings, given).faults.map(({ problem }) => problem)

  it("accept names and the original's list of GPUs", () => {
    for (const device of ["auto", "gpu", "tensorflow", "wasm", "onnx", "cpu", [0], [1, 0]]) {
      expect(faults({ device }), String(device)).toEqual([])
    }
    expect(faults({ threads: 3, precision: "bf16" })).toEqual([])
  })

  it("refuse others, naming the nearest", () => {
    expect(faults({ device: "tensorflw" })).toEqual([`unknown value "tensorflw"; did you mean \`tensorflow\`?`])
    expect(faults({ device: [] })).toHaveLength(1)
    expect(faults({ device: [-1] })).toHaveLength(1)
    expect(faults({ threads: 0 })).toEqual(["expected a whole number of at least 1, found 0"])
    expect(faults({ precision: "fp16" })).toHaveLength(1)
  })
})
