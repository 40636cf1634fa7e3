import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import { type ReferenceArray, reference } from "../../reference.ts"
import { type Grid, grid } from "./naive.ts"
import { adamStep, sgdStep } from "./naive-optimisers.ts"
import { devices, modes, noise, opened, upload } from "./with-engine.ts"

interface Run {
  readonly optimizer: string
  readonly lr_used_per_step: ReadonlyArray<number>
  readonly loss_before_step: ReadonlyArray<number>
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
      const loss = p.reduce((sum, value, i) => sum + 0.5 * a[i] * (value - b[i]) ** 2, 0)
      expect(Math.abs(loss - run.loss_before_step[step]), `loss of step ${step}`).toBeLessThan(TOLERANCE * (1 + loss))
      values.forEach((value, i) => {
        const recorded = run.grads.data[step * p0.length + i]
        const tolerance = TOLERANCE * Math.max(1, a[i], Math.abs(value))
        expect(Math.abs(value - recorded), `step ${step}, gradient ${i}`).toBeLessThan(tolerance)
      })
      state = update(state, engine.tensor(values, shape), learningRate, step + 1)
      engine.read(state.weight).forEach((value, i) => {
        const recorded = run.params_after_step.data[step * p0.length + i]
        expect(Math.abs(value - recorded), `step ${step}, parameter ${i}`).toBeLessThan(TOLERANCE)
      })
    })
  })

const drawn = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
  /** Of gradients: large ones must not overflow, small ones not drown in epsilon. */
  scale: fc.constantFrom(1e-6, 1e-2, 1, 1e3),
  learningRate: fc.constantFrom(1e-5, 1e-3, 0.1),
  step: fc.constantFrom(1, 2, 10, 1000, 100_000),
  decay: fc.constantFrom(0, 0.5, 0.9, 0.99),
  seed: fc.nat()
})
const times = ({ shape, data }: Grid, by: number): Grid => grid(shape, (i) => Math.fround(data[i] * by))
/** The largest error of all. NaN where one is no number, which is below nothing. */
const largest = (got: Float32Array, expected: Grid): number => {
  expect(got.length).toBe(expected.data.length)
  return Math.max(...expected.data.map((value, i) => Math.abs(got[i] - value)))
}

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

  it("Adam updates as its definition in float64, from any state", () => {
    fc.assert(
      fc.property(drawn, ({ shape, scale, learningRate, step, decay, seed }) => {
        const [weight, m, gradient] = [0, 1, 2].map((i) => times(noise(shape, seed + i), i === 0 ? 1 : scale))
        const v = times(noise(shape, seed + 3, 1.1), scale * scale)
        const options = { learningRate, step, beta1: decay }
        const expected = adamStep({ weight, m, v }, gradient, options)
        engine.scope(() => {
          const [w, first, second, g] = [weight, m, v, gradient].map((one) => upload(engine, one))
          const got = engine.adam({ weight: w, m: first, v: second }, g, options)
          expect(largest(engine.read(got.m), expected.m)).toBeLessThan(1e-5 * scale)
          expect(largest(engine.read(got.v), expected.v)).toBeLessThan(1e-5 * scale * scale)
          // A weight below 1 keeps its change to 2^-24.
          const moved = expected.weight.data.reduce(
            (most, value, i) => Math.max(most, Math.abs(value - weight.data[i])),
            0
          )
          const bound = 1e-4 * moved + 2 ** -23 * Math.max(1, moved)
          expect(largest(engine.read(got.weight), expected.weight)).toBeLessThan(bound)
        })
      }),
      { numRuns: 100 }
    )
  })

  it("SGD updates as its definition in float64, from any state", () => {
    fc.assert(
      fc.property(drawn, ({ shape, scale, learningRate, decay, seed }) => {
        const weight = noise(shape, seed)
        const [velocity, gradient] = [1, 2].map((i) => times(noise(shape, seed + i), scale))
        const options = { learningRate, momentum: decay }
        const expected = sgdStep({ weight, velocity }, gradient, options)
        engine.scope(() => {
          const [w, v, g] = [weight, velocity, gradient].map((one) => upload(engine, one))
          const got = engine.sgd({ weight: w, velocity: v }, g, options)
          expect(largest(engine.read(got.velocity), expected.velocity)).toBeLessThan(1e-6 * scale)
          const bound = 1e-6 * learningRate * scale + 2 ** -23 * Math.max(1, ...expected.weight.data.map(Math.abs))
          expect(largest(engine.read(got.weight), expected.weight)).toBeLessThan(bound)
        })
      }),
      { numRuns: 100 }
    )
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

describe.each(modes)("an update in place on %s", (device) => {
  it("gives the same bits as one that copies, and leaves the arrays alone that tensors were made of", async () => {
    const engine = await opened(device)
    const sizes = [[3], [64], [17, 5], [128, 64]]
    for (const shape of sizes) {
      const values = [1, 2, 3, 4].map((seed) => Float32Array.from(noise(shape, seed, 1).data))
      const kept = values.map((one) => one.slice())
      const [inPlace, copied] = [true, false].map((inPlace) =>
        engine.scope(() => {
          const [weight, m, v] = values.map((one) => engine.tensor(one, shape))
          let state = { weight, m, v }
          for (let step = 1; step <= 3; step++) {
            state = engine.adam(state, engine.tensor(values[3], shape), { learningRate: 0.1, step, inPlace })
          }
          const [, velocity] = values.map((one) => engine.tensor(one, shape))
          const next = engine.sgd({ weight: state.weight, velocity }, engine.tensor(values[3], shape), {
            learningRate: 0.1,
            inPlace
          })
          return [next.weight, next.velocity, state.m, state.v].map(engine.read)
        })
      )
      expect(inPlace).toEqual(copied)
      expect(values).toEqual(kept)
    }
  })
})
