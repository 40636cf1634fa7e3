/** Training by functions beside training operation by operation, on native TensorFlow. */
import { beforeAll, describe, expect, it } from "vitest"
import type { Batch } from "../../../../../src/ops/elements.ts"
import { makeModel } from "../../../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../../../src/ops/model/params.ts"
import type { Engine } from "../../../../../src/ops/tensor/engine.ts"
import { distance } from "../../../../../src/ops/tensor/native/graph/agreement.ts"
import type { Losses } from "../../../../../src/ops/train/losses/combined.ts"
import { multiLabelCrossEntropy } from "../../../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../../../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../../../../src/ops/train/trainer.ts"
import { initialWeights } from "../../../model/initial.ts"
import { graphs, noise, opened } from "../../with-engine.ts"

const first = () => 0
const both: Losses = { id: multiLabelCrossEntropy, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }
const metric: Losses = { id: undefined, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }

const batchOf = (size: number, pixels: number, seed: number): Batch => {
  const images = Float32Array.from(noise([size, pixels, pixels, 2], seed).data)
  const labels = Uint8Array.from({ length: size * 3 }, (_, i) => ((i * 7 + seed) % 3 === 0 || i % 4 === 0 ? 1 : 0))
  const names = Array.from({ length: size }, (_, i) => `image${i}`)
  const rows = { names, indices: Int32Array.from(names.keys()), labels }
  return {
    kind: "batch",
    epoch: 0,
    size,
    images,
    height: pixels,
    width: pixels,
    bands: ["a", "b"],
    classes: ["x", "y", "z"],
    ...rows
  }
}

const modelOf = (params: Partial<ModelParams> = {}) =>
  makeModel({ backbone: "resnet10-slim", pooling: "avg", channels: 2, num_classes: 3, ...params })

/** Trains by SGD without momentum: after one step, the velocities are the gradients. */
const trainerOn = (
  engine: Engine,
  model: ReturnType<typeof modelOf>,
  losses: Losses,
  optimiser: "sgd" | "adam" = "sgd"
) =>
  makeTrainer(
    engine,
    model,
    { losses, optimiser },
    {
      weights: initialWeights(model, 1),
      moments: zeroMoments(model.parameters, optimiser),
      step: 0
    }
  )

const valuesOf = (arrays: ReadonlyArray<{ readonly data: unknown }>) => arrays.map(({ data }) => data as Float32Array)

const networks: ReadonlyArray<readonly [what: string, params: Partial<ModelParams>, losses: Losses]> = [
  ["resnet10-slim and both losses", {}, both],
  ["generalised means, a metric loss", { pooling: "gem" }, metric],
  ["cbam, largest values", { module: "cbam", pooling: "max" }, both],
  ["dual attention", { module: "da" }, both],
  [
    "parts",
    {
      parts: [
        [1, 1, 1],
        [1, 2, 2]
      ]
    },
    both
  ],
  ["a projection", { embedding_dim: 16 }, both],
  ["resnet50_ibn_a", { backbone: "resnet50_ibn_a" }, both],
  ["efficientnet-b0", { backbone: "efficientnet-b0" }, both],
  ["vgg16, which has no batch norms", { backbone: "vgg16" }, both]
]

describe.runIf(graphs)("training by functions", () => {
  let [graph, operations]: ReadonlyArray<Engine> = []
  beforeAll(async () => {
    ;[graph, operations] = [await opened("tensorflow"), await opened("operations of tensorflow")]
  })

  it.each(networks)("gives the losses, gradients and statistics of operations: %s", (_, params, losses) => {
    const model = modelOf(params)
    const before = graph.live()
    const found = [graph, operations].map((engine) => {
      const trainer = trainerOn(engine, model, losses)
      const step = trainer.step([batchOf(6, 33, 1)], 1e-3, first)
      const { moments, weights } = trainer.state()
      trainer.dispose()
      return { total: step.total, moments: valuesOf(moments), weights: valuesOf(weights) }
    })
    const [of, expected] = found
    expect(graph.graphs?.refused()).toEqual([])
    expect(of.total).toBeCloseTo(expected.total, 4)
    expect(distance(of.weights, expected.weights)).toBeLessThan(1e-5)
    // Batch norms of few values raise the last digit of an activation to the second digit of a gradient.
    expect(distance(of.moments, expected.moments)).toBeLessThan(2e-2)
    expect(graph.live()).toBe(before)
  })

  it("counts several batches as one, as operations do", () => {
    const batches = [batchOf(6, 33, 1), batchOf(6, 33, 2), batchOf(4, 33, 3)]
    const [of, expected] = [graph, operations].map((engine) => {
      const trainer = trainerOn(engine, modelOf(), both)
      const totals = [1, 2].map(() => trainer.step(batches, 1e-3, first).total)
      const { moments } = trainer.state()
      trainer.dispose()
      return { totals, moments: valuesOf(moments) }
    })
    expect(of.totals[1]).toBeCloseTo(expected.totals[1], 4)
    expect(distance(of.moments, expected.moments)).toBeLessThan(2e-2)
  })

  it("gives the numbers of a training that never stopped, also where a short batch comes between", () => {
    const model = modelOf()
    const batches = [batchOf(6, 33, 1), batchOf(6, 33, 2), batchOf(3, 33, 3), batchOf(6, 33, 4), batchOf(6, 33, 5)]
    const whole = trainerOn(graph, model, both, "adam")
    for (const batch of batches) whole.step([batch], 1e-3, first)
    let parted = trainerOn(graph, model, both, "adam")
    for (const [i, batch] of batches.entries()) {
      if (i === 3) {
        const continued = makeTrainer(graph, model, { losses: both }, parted.state())
        parted.dispose()
        parted = continued
      }
      parted.step([batch], 1e-3, first)
    }
    const bytesOf = ({ moments, weights }: ReturnType<typeof whole.state>) =>
      Buffer.concat(valuesOf([...weights, ...moments]).map(({ buffer }) => Buffer.from(buffer as ArrayBuffer)))
    expect(bytesOf(parted.state()).equals(bytesOf(whole.state()))).toBe(true)
    parted.dispose()
    whole.dispose()
  })

  it("leaves no tensor and no function behind, however many steps and shapes", () => {
    const trainer = trainerOn(graph, modelOf(), both)
    trainer.step([batchOf(6, 33, 0)], 1e-3, first)
    const before = graph.live()
    for (let i = 0; i < 40; i++) trainer.step([batchOf(6, 33, i)], 1e-3, first)
    for (let pixels = 20; pixels < 32; pixels++) trainer.step([batchOf(6, pixels, 1)], 1e-3, first)
    expect(graph.live()).toBe(before)
    expect(graph.graphs?.functions()).toBeLessThanOrEqual(16)
    trainer.dispose()
  })

  it("gives the same numbers for a shape whose functions were forgotten meanwhile", () => {
    const trainer = trainerOn(graph, modelOf(), both)
    // With a rate of 0 the weights do not change.
    const totalOf = (pixels: number) => trainer.step([batchOf(4, pixels, 1)], 0, first).total
    const before = totalOf(17)
    // The functions of four shapes are known at a time.
    for (const pixels of [18, 19, 20, 21]) totalOf(pixels)
    expect(totalOf(17)).toBe(before)
    expect(graph.graphs?.refused()).toEqual([])
    trainer.dispose()
  })

  it("leaves no tensor behind where the loss throws", () => {
    let fails = false
    const failing: Losses = {
      ...both,
      id: (input) => {
        if (fails) throw new Error("no loss")
        return multiLabelCrossEntropy(input)
      }
    }
    const trainer = trainerOn(graph, modelOf(), failing)
    const batch = batchOf(6, 33, 1)
    trainer.step([batch], 1e-3, first)
    const before = graph.live()
    fails = true
    expect(() => trainer.step([batch], 1e-3, first)).toThrow("no loss")
    expect(() => trainer.step([batch, batch], 1e-3, first)).toThrow("no loss")
    expect(graph.live()).toBe(before)
    trainer.dispose()
  })

  it("draws for losses as often as operations do", () => {
    const drawing: Losses = {
      ...both,
      metric: (input, choose) => {
        choose(5)
        return orderedMultiLabel(input)
      }
    }
    const drawn = [graph, operations].map((engine) => {
      let draws = 0
      const trainer = trainerOn(engine, modelOf(), drawing)
      for (const seed of [1, 2, 3]) trainer.step([batchOf(6, 33, seed)], 1e-3, () => draws++)
      trainer.dispose()
      return draws
    })
    expect(drawn).toEqual([3, 3])
  })

  it("gives a network whose graph changes from pass to pass no function, with the reason, and trains it", async () => {
    const engine = await opened("tensorflow")
    let passes = 0
    const whole = modelOf()
    const changing = {
      ...whole,
      branches: (...given: Parameters<typeof whole.branches>) => {
        const { local, global } = whole.branches(...given)
        const factor = ++passes
        return { local, global: global.map(({ embedding, logits }) => ({ embedding, logits: logits.mul(factor) })) }
      }
    }
    const trainer = trainerOn(engine, changing, both)
    expect(trainer.step([batchOf(6, 33, 1)], 1e-3, first).total).toBeGreaterThan(0)
    expect(engine.graphs?.refused()).toEqual(["training on 6x33x33x2: two passes gave two graphs"])
    trainer.dispose()
  })
})
