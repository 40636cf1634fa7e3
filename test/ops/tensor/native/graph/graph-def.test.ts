import { describe, expect, it } from "vitest"
import { graphOf, NoGraph } from "../../../../../src/ops/tensor/native/graph/graph-def.ts"
import { float, message, whole, wholes } from "../../../../../src/ops/tensor/native/graph/protobuf.ts"
import type { Recording, TensorFacts } from "../../../../../src/ops/tensor/native/graph/recorder.ts"

const tensor = (id: number, dtype = 1): TensorFacts => ({ id, shape: [2], dtype })
const operation = (name: string, inputs: ReadonlyArray<number>, output: number, dtype = 1) => ({
  name,
  attributes: [{ name: "T", type: 4, value: 1 }],
  inputs,
  outputs: [tensor(output, dtype)]
})
const recordingOf = (...operations: Recording["operations"]): Recording => ({
  operations,
  constants: new Map([[7, { ...tensor(7), values: Float32Array.of(1, 2) }]])
})
const given = new Map([[1, tensor(1)]])

describe("protobuf fields", () => {
  it("are those of the specification", () => {
    // The first two are examples of the encoding guide; -1 takes ten bytes.
    expect(whole(1, 150).toString("hex")).toBe("089601")
    expect(wholes(6, [3, 270, 86942]).toString("hex")).toBe("3206038e029ea705")
    expect(whole(17, -1).toString("hex")).toBe("8801ffffffffffffffffff01")
    expect(float(4, 1).toString("hex")).toBe("250000803f")
    expect(message(whole(1, 0), whole(2, 1)).toString("hex")).toBe("08001001")
  })
})

describe("a graph", () => {
  it("holds only the operations that its outputs depend on, in an order in which they can run", () => {
    const recording = recordingOf(
      operation("Mul", [1, 7], 2),
      operation("Neg", [2], 3),
      operation("Exp", [1], 4),
      operation("AddV2", [3, 2], 5)
    )
    const { content, inputs, outputs } = graphOf({ recording, given, outputs: [5] })
    expect([inputs, outputs]).toEqual([[1], 1])
    const text = content.toString("latin1")
    expect(text).not.toContain("Exp")
    const places = ["Const", "Mul", "Neg", "AddV2", "Identity"].map((name) => text.indexOf(name))
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it("has the same bytes whatever the numbers of the tensors, and others for another constant", () => {
    const a = graphOf({ recording: recordingOf(operation("Mul", [1, 7], 2)), given, outputs: [2] })
    const moved = new Map([[5, tensor(5)]])
    const b = graphOf({ recording: recordingOf(operation("Mul", [5, 7], 9)), given: moved, outputs: [9] })
    expect(b.content.equals(a.content)).toBe(true)
    const recording = recordingOf(operation("Mul", [1, 8], 2))
    const constants = new Map([[8, { ...tensor(8), values: Float32Array.of(1, 3) }]])
    const c = graphOf({ recording: { ...recording, constants }, given, outputs: [2] })
    expect(c.content.equals(a.content)).toBe(false)
  })

  it("may be deeper than the stack of calls", () => {
    const many = Array.from({ length: 20000 }, (_, i) => operation("Neg", [i === 0 ? 1 : 10 + i], 11 + i))
    expect(graphOf({ recording: recordingOf(...many), given, outputs: [20010] }).inputs).toEqual([1])
  })

  it.each([
    ["a draw", operation("RandomUniform", [1], 2), /RandomUniform has an effect of its own/],
    ["a variable", operation("ReadVariableOp", [1], 2), /ReadVariableOp has an effect of its own/],
    ["another type", operation("Cast", [1], 2, 7), /Cast has an unusual type/],
    ["a tensor from elsewhere", operation("Neg", [99], 2), /a tensor from outside/]
  ])("is not made of %s", (_, one, message) => {
    const make = () => graphOf({ recording: recordingOf(one), given, outputs: [2] })
    expect(make).toThrow(NoGraph)
    expect(make).toThrow(message)
  })
})
