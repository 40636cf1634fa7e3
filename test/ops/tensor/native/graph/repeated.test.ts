import { expect, it } from "vitest"
import { repeated } from "../../../../../src/ops/tensor/native/graph/repeated.ts"

const operation = (name: string, inputs: ReadonlyArray<number>, output: number) => ({
  name,
  attributes: [],
  inputs,
  outputs: [{ id: output, shape: [1], dtype: 1 }]
})

it("only pooling whose gradient is wanted runs again, with the padding that it reads", () => {
  const before = [
    operation("PadV2", [1], 2),
    operation("MaxPool", [2], 3),
    operation("PadV2", [3], 4),
    operation("Conv2D", [4, 90], 5),
    operation("MaxPool", [5], 6),
    operation("MaxPool", [6], 7)
  ]
  const after = [operation("MaxPoolGrad", [5, 6, 50], 51), operation("MaxPoolGrad", [2, 3, 52], 53)]
  expect(repeated(before, after).map(({ outputs }) => outputs[0].id)).toEqual([2, 3, 6])
  expect(repeated(before, [])).toEqual([])
})
