import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { DataError } from "../../../../src/ops/formats/data-error.ts"
import { describeOnnx } from "../../../../src/ops/formats/onnx/describe.ts"
import { damaged, damages } from "../mutate.ts"

const files = resolve(import.meta.dirname, "../../onnx/files")
let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const written = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe("an ONNX file", () => {
  it("says its inputs, outputs, types, free axes and metadata", () => {
    const { inputs, metadata, opset, outputs, producer } = describeOnnx(join(files, "vectors.onnx"))
    expect(inputs).toEqual([{ name: "x", type: "float32", shape: ["n", 3, "h", "w"] }])
    expect(outputs).toEqual([{ name: "y", type: "float32", shape: ["n", 5] }])
    expect({ opset, producer }).toEqual({ opset: 17, producer: "orbitrank tests" })
    expect(JSON.parse(metadata.orbitrank).bands).toEqual(["Red", "Green", "Blue"])
  })

  it("says fixed axes, half precision, bytes, and every output", () => {
    expect(describeOnnx(join(files, "half.onnx")).inputs).toEqual([{ name: "x", type: "float16", shape: [2, 3, 8, 8] }])
    expect(describeOnnx(join(files, "bytes.onnx")).inputs[0].type).toBe("uint8")
    expect(describeOnnx(join(files, "tokens.onnx")).outputs.map(({ name }) => name)).toEqual(["hidden", "pooled"])
  })

  it("names the files that hold its weights", () => {
    expect(describeOnnx(join(files, "external.onnx")).external).toEqual(["external.bin"])
  })

  it("is not taken for one if it is something else", () => {
    const refused = (path: string) => expect(() => describeOnnx(path))
    refused(join(folder, "none.onnx")).toThrow("none.onnx: there is no such file. Give a network that was exported")
    refused(folder).toThrow("is not an ONNX network: it is a folder")
    refused(written("empty.onnx", "")).toThrow("is not an ONNX network: it holds no network")
    refused(written("pointer.onnx", "version https://git-lfs.github.com/spec/v1\n")).toThrow("is not an ONNX network")
  })

  it("that is damaged is refused with a message, or read", () => {
    const whole = readFileSync(join(files, "tokens.onnx"))
    fc.assert(
      fc.property(damages(fc.nat(whole.length - 1), whole.length), (damage) => {
        const path = written("damaged.onnx", damaged(whole, damage))
        try {
          describeOnnx(path)
        } catch (fault) {
          expect(fault).toBeInstanceOf(DataError)
        }
      }),
      { numRuns: 300 }
    )
  })
})
