import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../src/ops/model/model.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { decayAt } from "../../../src/ops/train/averages.ts"
import { orderedMultiLabel } from "../../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../../src/ops/train/trainer.ts"
import { effect } from "../../effect.ts"
import { initialWeights } from "../model/initial.ts"
import { modes, opened } from "../tensor/with-engine.ts"
import { makeBatch, tiny } from "./harness.ts"
import { expectResumes } from "./resumes.ts"

const model = makeModel(tiny)
const losses = {
  id: undefined,
  metric: (input: Parameters<typeof orderedMultiLabel>[0]) => orderedMultiLabel(input),
  weight: [1, 1]
} as const

describe.each(modes)("averages of weights on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it("are the mean of definition over all updates, statistics included, and leave the training as it is", () => {
    const start = { weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 }
    const plain = makeTrainer(engine, model, { losses }, start)
    const averaged = makeTrainer(engine, model, { losses, ema: 0.5 }, start)
    const live = engine.live()
    const expected = start.weights.map(({ data }) => Float64Array.from(data))
    for (let step = 1; step <= 3; step++) {
      const batch = makeBatch(0, 6 * step, 6)
      expect(averaged.step([batch], 2e-3, () => 0)).toEqual(plain.step([batch], 2e-3, () => 0))
      const decay = Math.min(0.5, (1 + step) / (10 + step))
      plain.state().weights.forEach(({ data }, i) => {
        data.forEach((value, at) => {
          expected[i][at] = decay * expected[i][at] + (1 - decay) * value
        })
      })
    }
    expect(engine.live()).toBe(live)
    const [state, raw] = [averaged.state(), plain.state()]
    state.weights.forEach(({ data, name }, i) => {
      const off = expected[i].reduce((most, value, at) => Math.max(most, Math.abs(value - data[at])), 0)
      expect(off, name).toBeLessThan(1e-5)
    })
    const kept = new Map(state.moments.map((array) => [array.name, array.data]))
    for (const { data, name } of raw.weights) expect(kept.get(`raw/${name}`), name).toEqual(data)
    plain.dispose()
    averaged.dispose()
  })
})

it("forget the first weights in short trainings", () => {
  expect(decayAt(0.999, 1)).toBeCloseTo(2 / 11, 12)
  expect(decayAt(0.999, 1e6)).toBe(0.999)
})

describe("training with averages, AdamW, clipping and rates", () => {
  effect("goes on after an epoch with the bytes of a run that never stopped", () =>
    Effect.gen(function* () {
      const { moments } = yield* expectResumes({
        optimizer: { name: "adamw", weight_decay: 0.1 },
        ema: 0.9,
        clip_norm: 0.5,
        rates: { backbone: 0.1, head: 2 },
        freeze: ["stem", "stage1"]
      })
      const names = moments.map(({ name }) => name)
      expect(names).toContain("raw/encoder.encoder_block4.0.conv1.weight")
      // Frozen weights have neither moments nor averages of their own.
      expect(names.filter((name) => /encoder_block[01]\./.test(name))).toEqual([])
    })
  )
})
