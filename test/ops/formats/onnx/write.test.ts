import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { describeOnnx } from "../../../../src/ops/formats/onnx/describe.ts"
import { encodeOnnx, type OnnxGraph } from "../../../../src/ops/formats/onnx/write.ts"
import { integer, joined, lengthOf } from "../../../../src/ops/formats/protobuf-write.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-onnx-write-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** Reads a variable-length number as the documentation of Protocol Buffers defines it. */
const decode = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(
    64,
    bytes.reduce((sum, byte, i) => sum | (BigInt(byte & 127) << BigInt(7 * i)), 0n)
  )

describe("a message", () => {
  it("holds whole numbers of up to 64 bits, negative ones included", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const encoded = joined(integer(3, value))
        expect(encoded[0]).toBe(3 << 3)
        expect(decode(encoded.subarray(1))).toBe(value)
        expect(lengthOf(integer(3, value))).toBe(encoded.length)
      })
    )
  })
})

describe("an ONNX file", () => {
  it("is described as it was written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
        fc.string({ minLength: 1 }),
        fc.string(),
        (shape, key, value) => {
          const graph: OnnxGraph = {
            name: "g",
            nodes: [{ type: "Relu", inputs: ["x"], output: "y", attributes: { a: -1, b: [1, -2], c: { float: 0.5 } } }],
            constants: [{ name: "w", shape: [2], data: Float32Array.of(1, 2) }],
            inputs: [{ name: "x", shape: ["n", ...shape] }],
            outputs: [{ name: "y", shape: ["n", ...shape] }]
          }
          const file = join(folder, "a.onnx")
          writeFileSync(file, encodeOnnx(graph, { name: "p", version: "1" }, { [key]: value }))
          const found = describeOnnx(file)
          expect(found.inputs).toEqual([{ name: "x", type: "float32", shape: ["n", ...shape] }])
          expect(found.outputs).toEqual([{ name: "y", type: "float32", shape: ["n", ...shape] }])
          expect(found.metadata).toEqual({ [key]: value })
          expect([found.opset, found.producer]).toEqual([17, "p"])
        }
      ),
      { numRuns: 30 }
    )
  })
})
