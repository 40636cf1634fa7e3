/** Every optimiser against its definition in float64, and how its state is named. */
import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { momentsOf, type OptimiserChoice, optimiserOf, optimisers } from "../../../../src/ops/train/optimisers.ts"
import { devices, noise, opened, upload } from "../../tensor/with-engine.ts"

type Numbers = ReadonlyArray<number>
interface State {
  readonly weight: Numbers
  readonly moments: ReadonlyArray<Numbers>
}
interface At {
  readonly rate: number
  readonly step: number
}

/** Algorithm 2 of Loshchilov and Hutter (2019), with their lambda times the rate, as PyTorch has it. */
const adamw = ({ moments: [m, v], weight }: State, g: Numbers, { rate, step }: At, decay: number): State => {
  const first = m.map((x, i) => 0.9 * x + 0.1 * g[i])
  const second = v.map((x, i) => 0.999 * x + 0.001 * g[i] ** 2)
  const moved = first.map((x, i) => x / (1 - 0.9 ** step) / (Math.sqrt(second[i] / (1 - 0.999 ** step)) + 1e-8))
  return { weight: weight.map((w, i) => w - rate * decay * w - rate * moved[i]), moments: [first, second] }
}

const nesterov = ({ moments: [v], weight }: State, g: Numbers, { rate }: At, momentum: number): State => {
  const velocity = v.map((x, i) => momentum * x + g[i])
  return { weight: weight.map((w, i) => w - rate * (g[i] + momentum * velocity[i])), moments: [velocity] }
}

/** Algorithm 2 of Chen et al. (2023). */
const lion = ({ moments: [m], weight }: State, g: Numbers, { rate }: At, decay: number): State => {
  const direction = m.map((x, i) => Math.sign(0.9 * x + (1 - 0.9) * g[i]))
  return {
    weight: weight.map((w, i) => w - rate * (direction[i] + decay * w)),
    moments: [m.map((x, i) => 0.99 * x + (1 - 0.99) * g[i])]
  }
}

const twins: ReadonlyArray<readonly [choice: OptimiserChoice, twin: (state: State, g: Numbers, at: At) => State]> = [
  [{ name: "adamw", weight_decay: 0.3 }, (state, g, at) => adamw(state, g, at, 0.3)],
  [{ name: "sgd", momentum: 0.8, nesterov: true }, (state, g, at) => nesterov(state, g, at, 0.8)],
  [{ name: "sgd", momentum: 0 }, (state, g, at) => nesterov(state, g, at, 0)],
  [{ name: "lion", weight_decay: 0.2 }, (state, g, at) => lion(state, g, at, 0.2)]
]

const drawn = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  rate: fc.constantFrom(1e-4, 1e-2, 0.1),
  step: fc.constantFrom(1, 2, 30, 1000),
  seed: fc.nat()
})

it("every optimiser of the folder is in the list", async () => {
  const folder = resolve(import.meta.dirname, "../../../../src/ops/train/optimisers")
  const modules = await Promise.all(readdirSync(folder).map((file) => import(join(folder, file))))
  const found = modules.flatMap((module) =>
    Object.values(module).filter((value): value is { name: string } => typeof value === "object" && value !== null)
  )
  expect(found.map(({ name }) => name).sort()).toEqual(optimisers.map(({ name }) => name).sort())
})

it("names what it remembers after the weight, for weights alone", () => {
  const init = () => new Float32Array(2)
  const parameters = [
    { name: "w", shape: [2], role: "weight", init },
    { name: "mean", shape: [2], role: "statistic", init }
  ] as const
  expect(momentsOf(parameters, "adamw").map(({ name }) => name)).toEqual(["m/w", "v/w"])
  expect(momentsOf(parameters, "lion")).toEqual([{ name: "mean/w", shape: [2] }])
})

describe.each(devices)("optimisers on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it.each(twins)("%j updates as its definition in float64, from any state", (choice, twin) => {
    const { definition, own } = optimiserOf(choice)
    fc.assert(
      fc.property(drawn, ({ rate, seed, shape, step }) => {
        const before = engine.live()
        const [weight, gradient] = [noise(shape, seed), noise(shape, seed + 1)]
        const moments = definition.moments.map((name, i) => noise(shape, seed + 2 + i, name === "v" ? 1.01 : 0))
        const state = { weight: weight.data, moments: moments.map(({ data }) => data) }
        const expected = twin(
          { weight: [...state.weight], moments: state.moments.map((one) => [...one]) },
          [...gradient.data],
          { rate, step }
        )
        engine.scope(() => {
          const given = { weight: upload(engine, weight), moments: moments.map((one) => upload(engine, one)) }
          const got = definition.update(engine, given, upload(engine, gradient), { learningRate: rate, step }, own)
          engine.read(got.weight).forEach((value, i) => {
            expect(Math.abs(value - expected.weight[i])).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected.weight[i])))
          })
          got.moments.forEach((one, m) => {
            engine.read(one).forEach((value, i) => {
              expect(Math.abs(value - expected.moments[m][i])).toBeLessThan(1e-6)
            })
          })
        })
        expect(engine.live()).toBe(before)
      }),
      { numRuns: 40 }
    )
  })
})
