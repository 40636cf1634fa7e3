import { beforeAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../src/ops/model/model.ts"
import { partNames, partsOf } from "../../../src/ops/model/stage-names.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { multiLabelCrossEntropy } from "../../../src/ops/train/losses/ml-xent.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { zeroMoments } from "../../../src/ops/train/optimisers.ts"
import { type PartParams, parted } from "../../../src/ops/train/part-rates.ts"
import { makeTrainer } from "../../../src/ops/train/trainer.ts"
import { decodeStep } from "../../../src/pipeline/decode.ts"
import { initialWeights } from "../model/initial.ts"
import { modes, opened } from "../tensor/with-engine.ts"
import { makeBatch, tiny } from "./harness.ts"

const model = makeModel(tiny)
const losses = { id: multiLabelCrossEntropy, metric: undefined, weight: [1, 1] } as const
const initial = initialWeights(model, 1)

describe.each(modes)("rates and frozen parts on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  /** Weights after two updates by plain gradient descent, and the loss of the second. */
  const trained = (parts: PartParams, steps = 2) => {
    const optimiser = { name: "sgd", momentum: 0 } as const
    const moments = zeroMoments(parted(model, parts).parameters, optimiser)
    const trainer = makeTrainer(engine, model, { losses, optimiser, parts }, { weights: initial, moments, step: 0 })
    const before = engine.live()
    const totals = Array.from({ length: steps }, () => trainer.step([makeBatch(0, 0, 6)], 0.1, () => 0).total)
    expect(engine.live()).toBe(before)
    const weights = trainer.state().weights
    trainer.dispose()
    return { weights, totals }
  }

  it("leaves frozen parts and their statistics as they are, and trains the others", () => {
    const { weights } = trained({ rates: undefined, freeze: ["stem", "stage1"] })
    weights.forEach(({ data, name }, i) => {
      const still = /encoder_block[01]\./.test(name)
      expect(Buffer.from(data.buffer).equals(Buffer.from(initial[i].data.buffer)), name).toBe(still)
    })
  })

  it("trains the head alone where the backbone is frozen", () => {
    const { totals, weights } = trained({ rates: undefined, freeze: ["backbone"] }, 4)
    const moved = weights.filter(({ data }, i) => data.some((value, at) => value !== initial[i].data[at]))
    expect(moved.map(({ name }) => name)).toEqual(["head.head.fc.weight"])
    expect(totals[3]).toBeLessThan(totals[0])
  })

  it("multiplies the first step of a part by its factor", () => {
    const step = (parts: PartParams) =>
      trained(parts, 1).weights.map(({ data, name }, i) => ({
        name,
        moved: Float64Array.from(data, (x, at) => x - initial[i].data[at])
      }))
    const [all, some] = [
      step({ rates: undefined, freeze: undefined }),
      step({ rates: { backbone: 0.5, stage4: 0, head: 3 }, freeze: undefined })
    ]
    all.forEach(({ moved, name }, i) => {
      if (name.includes("running")) return
      const factor = name.startsWith("head.") ? 3 : name.includes("block4") ? 0 : 0.5
      const scale = moved.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
      const off = moved.reduce((most, value, at) => Math.max(most, Math.abs(some[i].moved[at] - factor * value)), 0)
      expect(off / scale, name).toBeLessThan(1e-3)
    })
  })
})

describe("names of parts", () => {
  it("follow the stages of the network", () => {
    const named = (params: object) => partsOf(makeModel({ ...tiny, ...params })).map(({ name }) => name)
    const stages = ["stem", "stage1", "stage2", "stage3", "stage4"]
    expect(named({})).toEqual([...stages, "head"])
    expect(named({ module: "cbam" })).toEqual([...stages, "attention", "head"])
    expect(named({ backbone: "efficientnet-b0" })).toEqual([...stages, "head"])
    expect(named({ backbone: "vgg16" })).toEqual(["backbone", "head"])
    expect(partNames(partsOf(model))).toEqual(["backbone", ...stages, "head"])
    const all = partsOf(model).flatMap(({ parameters }) => parameters)
    expect(all).toEqual(model.parameters.map(({ name }) => name))
  })

  const said = (given: object) =>
    decodeStep(optimise, { model: tiny, ...given }).faults.map(({ path, problem }) => `${path.join(".")}: ${problem}`)

  it("that the network does not have are faults with a suggestion", () => {
    const has = "it has `backbone`, `stem`, `stage1`, `stage2`, `stage3`, `stage4`, `head`"
    expect(said({ freeze: ["stem", "stag1"], rates: { heads: 1 } })).toEqual([
      `rates.heads: the network has no part "heads"; did you mean \`head\`?; ${has}`,
      `freeze.1: the network has no part "stag1"; did you mean \`stage1\`?; ${has}`
    ])
    expect(said({ freeze: ["stage2"] })).toEqual([
      "freeze: freezes `stage2`, but not `stem`, `stage1` before it; freeze these, too"
    ])
    expect(said({ freeze: ["backbone"] })).toEqual([
      "freeze: leaves nothing to train; freeze fewer parts, or set `embedding_dim` of the model"
    ])
    expect(said({ freeze: ["backbone"], id_loss: "ml_xent" })).toEqual([])
    expect(said({ freeze: ["backbone"], model: { ...tiny, embedding_dim: 8 } })).toEqual([])
    expect(said({ freeze: ["stem"], rates: { stem: 0.1, stage1: 0.5, backbone: 0.1 } })).toEqual([
      "rates.stem: has no effect, because `freeze` keeps `stem` unchanged; omit this rate, or do not freeze the part"
    ])
    expect(said({ freeze: ["backbone"], id_loss: "ml_xent", rates: { backbone: 0, stage4: 2, head: 3 } })).toEqual(
      ["backbone", "stage4"].map(
        (name) =>
          `rates.${name}: has no effect, because \`freeze\` keeps \`${name}\` unchanged; omit this rate, or do not freeze the part`
      )
    )
    expect(said({ rates: { head: -1 } })).toEqual(["rates.head: expected a number of at least 0, found -1"])
  })
})
