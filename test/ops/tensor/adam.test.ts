import { beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { type ReferenceArray, reference } from "../../reference.ts"
import { devices, opened } from "./with-engine.ts"

interface Run {
  readonly optimizer: string
  readonly lr_used_per_step: ReadonlyArray<number>
  readonly grads: ReferenceArray
  readonly params_after_step: ReferenceArray
}
const { p0, a, b, runs } = reference<{
  readonly p0: ReadonlyArray<number>
  readonly a: ReadonlyArray<number>
  readonly b: ReadonlyArray<number>
  readonly runs: ReadonlyArray<Run>
}>("optimizer.json")
const TOLERANCE = 1e-6

describe.each(devices)("Adam on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  const cases = runs.filter((run) => run.optimizer === "adam").map((run, index) => ({ index, run }))
  it.each(cases)("follows recorded trajectory $index", ({ run }) => {
    const shape = [p0.length]
    engine.scope(() => {
      const zeros = () => engine.tensor(new Float32Array(p0.length), shape)
      let state = { weight: engine.tensor(Float32Array.from(p0), shape), m: zeros(), v: zeros() }
      run.lr_used_per_step.forEach((learningRate, step) => {
        const p = engine.read(state.weight)
        const gradient = engine.tensor(
          p.map((value, i) => a[i] * (value - b[i])),
          shape
        )
        state = engine.adam(state, gradient, { learningRate, step: step + 1 })
        engine.read(state.weight).forEach((value, i) => {
          const recorded = run.params_after_step.data[step * p0.length + i]
          expect(Math.abs(value - recorded), `step ${step}, parameter ${i}`).toBeLessThan(TOLERANCE)
        })
      })
    })
  })
  it("has trajectories to follow", () => expect(cases.length).toBeGreaterThan(0))
})
