import { beforeAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../src/ops/model/params.ts"
import { uploadArrays } from "../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Losses } from "../../../src/ops/train/losses/combined.ts"
import { multiLabelCrossEntropy } from "../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../../src/ops/train/trainer.ts"
import { devices, opened } from "../tensor/with-engine.ts"
import { makeBatch, tiny } from "../train/harness.ts"
import { initialWeights } from "./initial.ts"

const STEPS = 50

// Plain JavaScript would take minutes; what it counts as tensors is what WebAssembly counts.
const fast = devices.filter((device) => device !== "cpu")

const params: ModelParams = { ...tiny, pooling: "gem", parts: [[2, 1, 1]], part_dim: 4 }

describe.each(fast)("fifty steps on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })
  const batch = makeBatch(0, 0, 2)
  const model = makeModel(params)

  it("of training hold no tensor more than one, nor more memory", () => {
    const losses: Losses = { id: multiLabelCrossEntropy, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }
    const start = { weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 }
    const before = engine.live()
    const trainer = makeTrainer(engine, model, { losses }, start)
    const uploaded = engine.live() - before
    // A weight and its two moments; statistics have none.
    const trained = model.parameters.filter(({ role }) => role === "weight").length
    expect(uploaded).toBe(model.parameters.length + 2 * trained)
    const peaks: Array<number | undefined> = []
    for (let step = 0; step < STEPS; step++) {
      peaks.push(engine.peak(() => trainer.step([batch], 1e-3, () => 0)))
      expect(engine.live() - before).toBe(uploaded)
    }
    expect(peaks.slice(2)).toEqual(peaks.slice(2).fill(peaks[1]))
    trainer.dispose()
    expect(engine.live()).toBe(before)
  })

  it("of embedding hold no tensor more than the weights", () => {
    const before = engine.live()
    const weights = uploadArrays(engine, initialWeights(model, 1))
    const pass = { engine, get: weights.get, observe: undefined }
    const embedded = () =>
      engine.scope(() =>
        engine.read(model.embed(pass, engine.tensor(batch.images, [batch.size, batch.height, batch.width, 2])))
      )
    const first = embedded()
    for (let step = 0; step < STEPS; step++) {
      expect(embedded()).toEqual(first)
      expect(engine.live() - before).toBe(model.parameters.length)
    }
    weights.dispose()
    expect(engine.live()).toBe(before)
  })
})
