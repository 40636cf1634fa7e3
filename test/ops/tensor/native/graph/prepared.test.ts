import { describe, expect, it } from "vitest"
import { preparedOf } from "../../../../../src/ops/tensor/native/graph/prepared.ts"
import type { Operation, Recording, TensorFacts } from "../../../../../src/ops/tensor/native/graph/recorder.ts"

const facts = (id: number, shape: ReadonlyArray<number>): TensorFacts => ({ id, shape, dtype: 1 })
const operation = (
  name: string,
  inputs: ReadonlyArray<number>,
  outputs: ReadonlyArray<TensorFacts>,
  values: Readonly<Record<string, unknown>> = {}
): Operation => ({
  name,
  attributes: Object.entries(values).map(([key, value]) => ({ name: key, type: 2, value })),
  inputs,
  outputs
})

/** Images 1, filter 2, and the scale, shift, mean and variance of a norm from 3. */
const images = 1
const weights = new Map([[2, facts(2, [3, 3, 4, 8])], ...[3, 4, 5, 6].map((id) => [id, facts(id, [8])] as const)])
const convolution = operation("Conv2D", [images, 2], [facts(10, [5, 7, 7, 8])])
const norm = (x: number, training = false, values: ReadonlyArray<number> = [3, 4, 5, 6]) =>
  operation(
    "FusedBatchNormV3",
    [x, ...values],
    [20, 21, 22, 23, 24, 25].map((id) => facts(id, [5, 7, 7, 8])),
    {
      is_training: training,
      epsilon: 0.5
    }
  )
const prepared = (operations: ReadonlyArray<Operation>, outputs: ReadonlyArray<number>) => {
  // The values of the images came from JavaScript.
  const constants = new Map([[images, { ...facts(images, [5, 7, 7, 4]), values: new Float32Array(980) }]])
  const recording: Recording = { operations, constants }
  const found = preparedOf(recording, { images, weights, outputs })
  return {
    names: found.recording.operations.map(({ name }) => name),
    shapes: found.prepared.map(({ shape }) => shape),
    found
  }
}

/** Computes operations on arrays of one value per channel, with filters of one value. */
const computed = (
  { constants, operations }: Recording,
  given: ReadonlyMap<number, number>
): ReadonlyMap<number, number> => {
  const values = new Map(given)
  const of: Readonly<Record<string, (a: number, b: number) => number>> = {
    AddV2: (a, b) => a + b,
    Sub: (a, b) => a - b,
    Mul: (a, b) => a * b,
    Rsqrt: (a) => 1 / Math.sqrt(a),
    Conv2D: (a, b) => a * b,
    BiasAdd: (a, b) => a + b
  }
  for (const { inputs, name, outputs } of operations) {
    const [a, b] = inputs.map((id) => values.get(id) ?? Number(constants.get(id)?.values[0]))
    values.set(outputs[0].id, of[name](a, b))
  }
  return values
}

describe("what is prepared", () => {
  it("of a convolution and its norm are a filter and a shift", () => {
    const { found, names, shapes } = prepared([convolution, norm(10)], [20])
    expect(names.filter((name) => /Conv|Norm|Bias/.test(name))).toEqual(["Conv2D", "BiasAdd"])
    expect(shapes).toEqual([[8], [3, 3, 4, 8]])
    const values = new Map([1.5, 2, 3, 4, 5, 6].map((value, i) => [i + 1, value]))
    // 3 (1.5 x 2 - 5) / sqrt(6 + 0.5) + 4
    expect(computed(found.recording, values).get(20)).toBeCloseTo((3 * (3 - 5)) / Math.sqrt(6.5) + 4, 6)
  })

  it("of a matrix product keeps the matrix's shape", () => {
    const product = operation("MatMul", [images, 2], [facts(10, [5, 49 * 8])])
    const shaped = operation("Reshape", [10, 2], [facts(11, [5, 7, 7, 8])])
    const { names, shapes } = prepared([product, shaped, norm(11)], [20])
    expect(names.slice(-3)).toEqual(["MatMul", "Reshape", "BiasAdd"])
    expect(shapes).toEqual([[8], [3, 3, 4, 8]])
  })

  it.each([
    ["uses the statistics of the batch", [convolution, norm(10, true)], [20]],
    ["has statistics that other numbers determine", [convolution, norm(10, false, [3, 4, 5, 1])], [20]],
    ["shares its convolution with others", [convolution, norm(10)], [20, 10]],
    ["gives its statistics, too", [convolution, norm(10)], [20, 21]],
    ["follows a depthwise convolution", [{ ...convolution, name: "DepthwiseConv2dNative" }, norm(10)], [20]],
    ["follows no convolution", [operation("Relu", [images], [facts(10, [5])]), norm(10)], [20]]
  ] as const)("is nothing where a norm %s", (_, operations, outputs) => {
    const { names, shapes } = prepared(operations, outputs)
    expect(names).toContain("FusedBatchNormV3")
    expect(shapes).toEqual([])
  })

  it("are sums of weights, but nothing that depends on the images, and no operation that nobody needs", () => {
    const sum = operation("AddV2", [3, 4], [facts(10, [8])])
    const unused = operation("Mul", [3, 4], [facts(11, [8])])
    const scaled = operation("Mul", [images, 10], [facts(12, [5, 7, 7, 8])])
    const { found, names } = prepared([sum, unused, scaled], [12])
    expect(names).toEqual(["AddV2", "Mul"])
    expect(found.prepared.map(({ id }) => id)).toEqual([10])
  })
})
