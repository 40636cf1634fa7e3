import { beforeAll, describe, expect, it } from "vitest"
import type { Batch } from "../../../src/ops/elements.ts"
import { singleHead } from "../../../src/ops/model/heads/single.ts"
import { convolution } from "../../../src/ops/model/layers/convolution.ts"
import { fixed, relu, sequence } from "../../../src/ops/model/layers/layer.ts"
import { type Model, makeModel } from "../../../src/ops/model/model.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Losses } from "../../../src/ops/train/losses/combined.ts"
import type { Learned } from "../../../src/ops/train/losses/loss.ts"
import { multiLabelCrossEntropy } from "../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../../src/ops/train/optimisers.ts"
import { added } from "../../../src/ops/train/pass.ts"
import { makeTrainer } from "../../../src/ops/train/trainer.ts"
import { initialWeights } from "../model/initial.ts"
import { graphs, modes, opened } from "../tensor/with-engine.ts"
import { makeBatch, tiny } from "./harness.ts"

const first = () => 0
const metric: Losses = { id: undefined, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }
const id: Losses = { id: multiLabelCrossEntropy, metric: undefined, weight: [1, 1] }

const FC = "head.head.fc.weight"
const MEAN = "encoder.encoder_block0.1.running_mean"

/** Convolution, ReLU and mean: a network without batch norm. */
const plainModel = (engine: Engine): Model => {
  const stage = sequence(convolution("conv", 2, 8, 3, { padding: 1 }), relu)
  const head = singleHead(
    fixed((_, x) => engine.globalAveragePool(x)),
    8,
    3
  )
  return {
    ...makeModel(tiny),
    stages: [stage],
    head,
    parameters: [...stage.parameters, ...head.parameters],
    branches: (pass, images) => head.branches(pass, stage.apply(pass, images))
  }
}

describe("batch norms", () => {
  const momentaOf = (params: Parameters<typeof makeModel>[0]) =>
    new Map(
      makeModel(params).parameters.flatMap(({ momentum, name, role }) =>
        role === "statistic" ? [[name, momentum] as const] : []
      )
    )
  const net = { pooling: "avg", channels: 3, num_classes: 2 } as const

  it("have PyTorch's momentum of 0.1, but 0.01 in EfficientNets and in the gate of CBAM", () => {
    expect(new Set(momentaOf({ ...net, backbone: "resnet18" }).values())).toEqual(new Set([0.1]))
    expect(new Set(momentaOf({ ...net, backbone: "efficientnet-b0" }).values())).toEqual(new Set([0.01]))
    const gated = momentaOf({ ...net, backbone: "resnet18", module: "cbam" })
    for (const [name, momentum] of gated) expect(momentum, name).toBe(name.includes("SpatialGate") ? 0.01 : 0.1)
    expect([...gated.keys()].filter((name) => name.includes("SpatialGate")).length).toBe(2)
  })
})

describe.each(modes)("a trainer on %s", (device) => {
  let engine: Engine
  let other: Engine
  beforeAll(async () => {
    engine = await opened(device)
    other = await opened("cpu")
  })
  const model = makeModel(tiny)
  const start = () => ({ weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 })
  const batch = makeBatch(0, 0, 6)
  const trained = (by: Losses, steps: number, on = engine) => {
    const trainer = makeTrainer(on, model, { losses: by }, start())
    const losses = Array.from({ length: steps }, () => trainer.step([batch], 2e-3, first).total)
    const { weights } = trainer.state()
    trainer.dispose()
    const of = (name: string) => weights.find((array) => array.name === name)?.data as Float32Array
    return { losses, of }
  }

  it("trains the head only where the loss looks at it", () => {
    const before = start().weights.find(({ name }) => name === FC)?.data
    expect(trained(metric, 1).of(FC)).toEqual(before)
    const { losses, of } = trained(id, 5)
    expect(of(FC)).not.toEqual(before)
    expect(losses[4]).toBeLessThan(losses[0])
  })

  it("computes what plain JavaScript computes, to rounding", () => {
    const [here, there] = [engine, other].map((one) => trained(id, 3, one).losses)
    expect(here[0]).toBeCloseTo(there[0], 5)
    // Adam's first steps have the size of the rate whatever the gradient, so that roundings near 0 become differences.
    expect(here[2]).toBeCloseTo(there[2], 2)
  })

  it("goes on from its state with the same numbers", () => {
    const objective = { losses: metric }
    const one = makeTrainer(engine, model, objective, start())
    one.step([batch], 2e-3, first)
    const two = makeTrainer(engine, model, objective, one.state())
    expect(two.step([batch], 2e-3, first)).toEqual(one.step([batch], 2e-3, first))
    const bits = ({ weights, moments }: ReturnType<typeof one.state>) =>
      Buffer.concat([...weights, ...moments].map(({ data }) => Buffer.from(data.buffer)))
    expect(bits(two.state()).equals(bits(one.state()))).toBe(true)
    one.dispose()
    two.dispose()
  })

  it("averages each norm's statistics with a share of its own", () => {
    // The same batch through the same weights: statistics s of the batch, averages 0 before and `momentum` s after.
    const damped: Model = {
      ...model,
      parameters: model.parameters.map((one) => (one.name === MEAN ? { ...one, momentum: 0.01 } : one))
    }
    const meansOf = (of: Model) => {
      const trainer = makeTrainer(engine, of, { losses: metric }, start())
      trainer.step([batch], 0, first)
      const { weights } = trainer.state()
      trainer.dispose()
      return weights.find(({ name }) => name === MEAN)?.data as Float32Array
    }
    const usual = meansOf(model)
    meansOf(damped).forEach((value, c) => {
      expect(value).toBeCloseTo(usual[c] / 10, 6)
    })
  })

  it("averages the batch's statistics with a share of 0.1", () => {
    const objective = { losses: metric }
    // The same batch through the same weights: only with a learning rate of nothing do means repeat.
    const trainer = makeTrainer(engine, model, objective, start())
    const mean = () => trainer.state().weights.find(({ name }) => name === MEAN)?.data as Float32Array
    trainer.step([batch], 0, first)
    const once = mean().slice()
    trainer.step([batch], 0, first)
    const twice = mean()
    trainer.dispose()
    expect(Math.max(...once.map(Math.abs))).toBeGreaterThan(1e-3)
    once.forEach((value, c) => {
      expect(twice[c]).toBeCloseTo(1.9 * value, 5)
    })
  })

  it("makes one update of several batches as of the larger one, where no batch norm stands between", () => {
    const plain = plainModel(engine)
    const from = { weights: initialWeights(plain, 3), moments: zeroMoments(plain.parameters, "sgd"), step: 0 }
    const losses: Losses = { ...metric, id: multiLabelCrossEntropy, weight: [0.5, 2] }
    const updated = (batches: ReadonlyArray<Batch>) => {
      const trainer = makeTrainer(engine, plain, { losses, optimiser: "sgd" }, from)
      const found = trainer.step(batches, 0.1, first)
      const { moments } = trainer.state()
      trainer.dispose()
      return { found, moments }
    }
    const before = engine.live()
    const whole = updated([makeBatch(0, 0, 12)])
    const parts = updated([makeBatch(0, 0, 5), makeBatch(0, 5, 3), makeBatch(0, 8, 4)])
    expect(engine.live()).toBe(before)
    expect(parts.found.total).toBeCloseTo(whole.found.total, 5)
    whole.moments.forEach(({ data, name }, i) => {
      const scale = Math.max(...data.map(Math.abs))
      expect(scale, name).toBeGreaterThan(0)
      parts.moments[i].data.forEach((value, at) => {
        expect(Math.abs(value - data[at]) / scale, `${name} ${at}`).toBeLessThan(1e-3)
      })
    })
  })

  it("leaves no tensor behind where a later batch of an update fails", async () => {
    // With graphs, a pass does not call the model, so that it cannot fail there.
    const engine = await opened(device === "tensorflow" && graphs ? "operations of tensorflow" : device)
    const plain = plainModel(engine)
    let left = 0
    const failing: Model = {
      ...plain,
      branches: (pass, images) => {
        if (left-- === 0) throw new Error("no more")
        return plain.branches(pass, images)
      }
    }
    const from = { weights: initialWeights(plain, 3), moments: zeroMoments(plain.parameters), step: 0 }
    const batches = [0, 1, 2].map((i) => makeBatch(0, 4 * i, 4))
    const trainer = makeTrainer(engine, failing, { losses: id }, from)
    const before = engine.live()
    // Three passes for the outputs, three for the gradients.
    for (let passes = 0; passes < 6; passes++) {
      left = passes
      expect(() => trainer.step(batches, 0.1, first), `after ${passes}`).toThrow("no more")
      expect(engine.live(), `after ${passes}`).toBe(before)
    }
    left = 6
    expect(trainer.step(batches, 0.1, first).total).toBeGreaterThan(0)
    expect([trainer.updates(), engine.live()]).toEqual([1, before])
    trainer.dispose()
  })

  it("leaves no tensor behind where gradients cannot be added up", () => {
    const before = engine.live()
    const kept = (values: ReadonlyArray<number>) =>
      engine.scope(() => engine.keep(engine.tensor(Float32Array.from(values), [values.length])))
    const of = () => ({ gradients: [kept([1]), undefined, kept([2, 3])], seen: [["mean", kept([4])]] as const })
    let additions = 0
    const full: Engine = {
      ...engine,
      scope: (body) => {
        if (additions++ === 1) throw new Error("full")
        return engine.scope(body)
      }
    }
    const parts = [of(), of()] as const
    expect(() => added(full, ...parts)).toThrow("full")
    expect(engine.live()).toBe(before)
  })

  it("lets each batch of an update move the running statistics in turn", () => {
    const [one, other] = [makeBatch(0, 0, 6), makeBatch(0, 6, 6)]
    const meansAfter = (...updates: ReadonlyArray<ReadonlyArray<Batch>>) => {
      const trainer = makeTrainer(engine, model, { losses: metric }, start())
      for (const batches of updates) trainer.step(batches, 0, first)
      const { weights } = trainer.state()
      trainer.dispose()
      return weights.find(({ name }) => name === MEAN)?.data as Float32Array
    }
    const joint = meansAfter([one, other])
    const apart = meansAfter([one], [other])
    joint.forEach((value, c) => {
      expect(value).toBeCloseTo(apart[c], 6)
    })
  })

  it("updates nothing where the loss is no number", () => {
    const trainer = makeTrainer(engine, model, { losses: metric }, start())
    const spoilt = { ...batch, images: batch.images.with(3, Number.NaN) }
    expect(trainer.step([spoilt], 2e-3, first).total).toBeNaN()
    const { weights, step } = trainer.state()
    trainer.dispose()
    expect(step).toBe(0)
    expect(weights.every(({ data }, i) => data.every((value, j) => value === initial[i].data[j]))).toBe(true)
  })
  const initial = initialWeights(model, 1)

  it("updates nothing where gradients alone are no numbers, which without batch norms nothing else shows", () => {
    const plain = plainModel(engine)
    const from = { weights: initialWeights(plain, 3), moments: zeroMoments(plain.parameters, "sgd"), step: 0 }
    const spoilt: Losses = {
      ...id,
      id: (input) => ({ ...multiLabelCrossEntropy(input), gradient: input.values.map(() => Number.NaN) })
    }
    const trainer = makeTrainer(engine, plain, { losses: spoilt, optimiser: "sgd" }, from)
    const before = engine.live()
    expect(trainer.step([batch], 2e-3, first).total).toBeNaN()
    const { weights, step } = trainer.state()
    expect([step, engine.live()]).toEqual([0, before])
    trainer.dispose()
    for (const [i, { data, name }] of weights.entries()) expect(data, name).toEqual(from.weights[i].data)
  })

  it("updates nothing where the gradient of an array that the loss learns is not finite", () => {
    const learned: Learned = { name: "proxies", shape: [2, 2], rate: 1, init: () => Float32Array.of(1, 2, 3, 4) }
    let bad = Number.NaN
    const losses: Losses = {
      ...metric,
      metric: (input) => ({ ...orderedMultiLabel(input), learned: Float32Array.of(0.5, 0.5, bad, 0.5) })
    }
    const from = { ...start(), moments: zeroMoments(model.parameters, "sgd") }
    const trainer = makeTrainer(engine, model, { losses, learned, optimiser: "sgd" }, from)
    const proxies = () => trainer.state().moments.find(({ name }) => name === "learned/proxies")?.data
    expect([trainer.step([batch], 2e-3, first).total, trainer.updates()]).toEqual([Number.NaN, 0])
    expect(proxies()).toEqual(Float32Array.of(1, 2, 3, 4))
    bad = 0.5
    expect(trainer.step([batch], 2e-3, first).total).toBeGreaterThan(0)
    expect(proxies()?.[2]).toBeCloseTo(3 - 2e-3 * 0.5, 6)
    trainer.dispose()
  })

  it.each([
    ["one batch", 1, Number.POSITIVE_INFINITY],
    ["the second of two batches", 2, Number.NaN]
  ])("finds a single gradient that is not finite in %s, and reads only outputs and one value", (_, many, bad) => {
    const plain = plainModel(engine)
    const from = { weights: initialWeights(plain, 3), moments: zeroMoments(plain.parameters, "sgd"), step: 0 }
    const read: Array<number> = []
    const watched: Engine = {
      ...engine,
      read: (tensor) => {
        read.push(tensor.size)
        return engine.read(tensor)
      }
    }
    let spoils = false
    const losses: Losses = {
      ...id,
      id: (input) => {
        const found = multiLabelCrossEntropy(input)
        return spoils ? { ...found, gradient: found.gradient.with(-1, bad) } : found
      }
    }
    const batches = [0, 1].slice(0, many).map((i) => makeBatch(0, 4 * i, 4))
    const trainer = makeTrainer(watched, plain, { losses, optimiser: "sgd" }, from)
    const before = engine.live()
    expect(trainer.step(batches, 2e-3, first).total).toBeGreaterThan(0)
    read.length = 0
    expect(trainer.step(batches, 2e-3, first).total).toBeGreaterThan(0)
    expect(read.filter((size) => size > 4 * 8)).toEqual([])
    spoils = true
    expect(trainer.step(batches, 2e-3, first).total).toBeNaN()
    expect([trainer.updates(), engine.live()]).toEqual([2, before])
    trainer.dispose()
  })
})
