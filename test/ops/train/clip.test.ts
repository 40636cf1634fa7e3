import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../src/ops/model/model.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { clipFactor, normOf } from "../../../src/ops/train/clip.ts"
import { multiLabelCrossEntropy } from "../../../src/ops/train/losses/ml-xent.ts"
import { zeroMoments } from "../../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../../src/ops/train/trainer.ts"
import { initialWeights } from "../model/initial.ts"
import { modes, noise, opened, upload } from "../tensor/with-engine.ts"
import { makeBatch, tiny } from "./harness.ts"

const model = makeModel(tiny)
const start = () => ({ weights: initialWeights(model, 1), moments: zeroMoments(model.parameters, "sgd"), step: 0 })
const losses = { id: multiLabelCrossEntropy, metric: undefined, weight: [1, 1] } as const

describe.each(modes)("clipping on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it("measures the norm of all gradients together", () => {
    const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(shapes, fc.nat(), (drawn, seed) => {
        const grids = drawn.map((shape, i) => noise(shape, seed + i))
        const expected = Math.hypot(...grids.flatMap(({ data }) => [...data]))
        engine.scope(() => {
          const got = normOf(
            engine,
            grids.map((grid) => upload(engine, grid))
          )
          expect(Math.abs(got - expected)).toBeLessThan(1e-6 * Math.max(1, expected))
        })
      }),
      { numRuns: 30 }
    )
    expect(normOf(engine, [])).toBe(0)
  })

  it("makes the first velocities, which are the gradients, as long as allowed, in the same direction", () => {
    const velocities = (clip?: number) => {
      const trainer = makeTrainer(engine, model, { losses, optimiser: "sgd", clip }, start())
      trainer.step([makeBatch(0, 0, 6)], 0.1, () => 0)
      const { moments } = trainer.state()
      trainer.dispose()
      return Float64Array.from(moments.flatMap(({ data }) => [...data]))
    }
    const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
    const whole = velocities()
    const most = norm(whole) / 4
    const cut = velocities(most)
    expect(norm(cut) / most).toBeCloseTo(1, 4)
    expect(whole.reduce((sum, x, i) => sum + x * cut[i], 0) / norm(whole) / norm(cut)).toBeCloseTo(1, 5)
    const free = velocities(2 * norm(whole))
    expect(Buffer.from(free.buffer).equals(Buffer.from(whole.buffer))).toBe(true)
  })
})

it("never scales gradients up, and gives NaN for a norm that is not finite", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      (norm, most) => {
        const factor = clipFactor(norm, most)
        expect(factor).toBeLessThanOrEqual(1)
        expect(factor * norm).toBeLessThanOrEqual(most)
      }
    )
  )
  for (const norm of [Number.NaN, Number.POSITIVE_INFINITY]) expect(clipFactor(norm, 1)).toBeNaN()
})
