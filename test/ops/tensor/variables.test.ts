/** What TensorFlow keeps for ever must not grow with the number of updates. */
import { expect, it } from "vitest"
import type { Attributes, Native } from "../../../src/ops/tensor/native/ops.ts"
import { adam, sgd } from "../../../src/ops/tensor/native/update.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"

const tensor = (shape: ReadonlyArray<number>) => ({ shape, dispose: () => {} }) as unknown as Tensor

/** Notes the attributes of every operation: TensorFlow keeps a kernel for each combination that it has seen. */
const noting = () => {
  const seen = new Set<string>()
  const runMany = (name: string, attributes: Attributes) => {
    seen.add(JSON.stringify([name, attributes]))
    return [tensor([2])]
  }
  const native = {
    run: (name: string, attributes: Attributes) => runMany(name, attributes)[0],
    runMany,
    number: () => tensor([]),
    // A variable exists as long as the process, so its name counts, too.
    variable: (name: string) => {
      seen.add(name)
      return tensor([])
    }
  }
  return { native: native as unknown as Native, seen }
}

it.each([
  ["adam", adam],
  ["sgd", sgd]
] as const)("%s asks for the same operations in every step", (_, update) => {
  const { native, seen } = noting()
  const state = { weight: tensor([2, 3]), m: tensor([2, 3]), v: tensor([2, 3]), velocity: tensor([2, 3]) }
  update(native, state, tensor([2, 3]), { learningRate: 0.1, step: 1 })
  const once = seen.size
  for (let step = 2; step < 20; step++) update(native, state, tensor([2, 3]), { learningRate: 0.1, step })
  expect(seen.size).toBe(once)
  expect(once).toBeGreaterThan(3)
})
