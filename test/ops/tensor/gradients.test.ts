import { describe, expect, it } from "vitest"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import { devices, noise, opened, upload } from "./with-engine.ts"

const VALUES = 1000
const BYTES = 4 * VALUES

/** Largest memory of tensors during the gradients of a chain of operations. */
const peakOf = (engine: Engine, layers: number, layer: (x: Tensor) => Tensor): number => {
  const pass = () =>
    engine.scope(() => {
      const x = upload(engine, noise([VALUES], 1))
      const slopes = new Float32Array(VALUES).fill(1)
      const body = () => engine.weightedSum(Array.from({ length: layers }).reduce<Tensor>(layer, x), slopes)
      return engine.gradients(body, [x])
    })
  return engine.peak(pass) ?? Number.NaN
}

describe("gradients", () => {
  it("hold the results of all operations, but the gradients of few", async () => {
    const engine = await opened("wasm")
    const layer = (x: Tensor) => engine.relu(x)
    const more = peakOf(engine, 40, layer) - peakOf(engine, 20, layer)
    expect(more / BYTES / 20).toBeLessThan(1.5)
  })

  it("hold one sum where branches meet", async () => {
    const engine = await opened("wasm")
    const layer = (x: Tensor) => engine.addRelu(engine.relu(x), x)
    const more = peakOf(engine, 40, layer) - peakOf(engine, 20, layer)
    // Each layer has two results.
    expect(more / BYTES / 20).toBeLessThan(2.5)
  })

  it.each(devices)("are those of shared branches, on %s", async (device) => {
    const engine = await opened(device)
    const found = engine.scope(() => {
      const x = engine.tensor(Float32Array.of(1, 2, -3), [3])
      const body = () => {
        const once = engine.relu(x)
        const twice = engine.addRelu(once, once)
        return engine.weightedSum(engine.addRelu(twice, engine.relu(once)), Float32Array.of(1, 10, 100))
      }
      return engine.gradients(body, [x]).gradients.map((one) => one && [...engine.read(one)])
    })
    expect(found).toEqual([[3, 30, 0]])
  })

  it.each(devices)("are undefined for a tensor that the value does not depend on, on %s", async (device) => {
    const engine = await opened(device)
    engine.scope(() => {
      const x = engine.tensor(Float32Array.of(1, 2), [2])
      const unused = engine.tensor(Float32Array.of(5), [1])
      const body = () => engine.weightedSum(engine.relu(engine.relu(x)), Float32Array.of(3, 4))
      const { gradients } = engine.gradients(body, [x, unused])
      expect(gradients.map((one) => one && [...engine.read(one)])).toEqual([[3, 4], undefined])
    })
  })
})

describe("a copied tensor", () => {
  it.each(devices)("keeps its values when the array changes, on %s", async (device) => {
    const engine = await opened(device)
    const found = engine.scope(() => {
      const values = Float32Array.of(1, -0, 3)
      const tensor = engine.copied(values, [3])
      values.fill(7)
      return engine.read(tensor)
    })
    expect(found).toEqual(Float32Array.of(1, -0, 3))
  })
})
