import { beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
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

const followed = (optimizer: string) => runs.filter((run) => run.optimizer === optimizer)
const shape = [p0.length]

/** Calls `update` for each recorded step with the gradient at the weights that the one before gave, and compares. */
const follow = <S extends { readonly weight: Tensor }>(
  engine: Engine,
  run: Run,
  start: (zeros: () => Tensor, weight: Tensor) => S,
  update: (state: S, gradient: Tensor, learningRate: number, step: number) => S
) =>
  engine.scope(() => {
    const zeros = () => engine.tensor(new Float32Array(p0.length), shape)
    let state = start(zeros, engine.tensor(Float32Array.from(p0), shape))
    run.lr_used_per_step.forEach((learningRate, step) => {
      const p = engine.read(state.weight)
      const values = p.map((value, i) => a[i] * (value - b[i]))
      state = update(state, engine.tensor(values, shape), learningRate, step + 1)
      engine.read(state.weight).forEach((value, i) => {
        const recorded = run.params_after_step.data[step * p0.length + i]
        expect(Math.abs(value - recorded), `step ${step}, parameter ${i}`).toBeLessThan(TOLERANCE)
      })
    })
  })

describe.each(devices)("optimisers on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it("Adam follows the recorded trajectories", () => {
    expect(followed("adam").length).toBeGreaterThan(0)
    for (const run of followed("adam")) {
      follow(
        engine,
        run,
        (zeros, weight) => ({ weight, m: zeros(), v: zeros() }),
        (state, gradient, learningRate, step) => engine.adam(state, gradient, { learningRate, step })
      )
    }
  })

  it("SGD with momentum follows the recorded trajectories", () => {
    expect(followed("sgd").length).toBeGreaterThan(0)
    for (const run of followed("sgd")) {
      follow(
        engine,
        run,
        (zeros, weight) => ({ weight, velocity: zeros() }),
        (state, gradient, learningRate) => engine.sgd(state, gradient, { learningRate })
      )
    }
  })

  it("leaves the state that it is given as it was", () => {
    engine.scope(() => {
      const ones = () => engine.tensor(new Float32Array(3).fill(1), [3])
      const before = { weight: ones(), m: ones(), v: ones() }
      engine.adam(before, ones(), { learningRate: 0.5, step: 1 })
      engine.sgd({ weight: before.weight, velocity: before.m }, ones(), { learningRate: 0.5 })
      for (const tensor of Object.values(before)) expect([...engine.read(tensor)]).toEqual([1, 1, 1])
    })
  })
})
