import { Effect, Stream } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import type { TrainStep } from "../../../src/ops/elements.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { drain, toStream } from "../../../src/pipeline/interpret.ts"
import { effect } from "../../effect.ts"
import { balanced } from "../tensor/leaks.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, collected, services, temporaryFolder, tiny, training } from "./harness.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

const collect = (folder: string, pipeline: ReturnType<typeof training>, from = 0) =>
  collected(folder, engine, pipeline, from)

describe("optimise", () => {
  effect("gives one step a batch, with the state after the last of each epoch", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* collect(folder, training(2))
      expect(steps.map(({ epoch, step, images }) => [epoch, step, images])).toEqual([
        [0, 0, 6],
        [0, 1, 6],
        [1, 2, 6],
        [1, 3, 6]
      ])
      expect(steps.map(({ state }) => state?.epoch)).toEqual([undefined, 1, undefined, 2])
      expect(steps.map(({ state }) => state?.step)).toEqual([undefined, 2, undefined, 4])
      expect(steps[0].learningRate).toBe(2e-3)
      expect(steps[2].learningRate).toBeCloseTo(2e-3 * Math.exp(-0.01), 12)
      for (const { loss, floor } of steps) expect(loss).toBeGreaterThan(floor)
      const { params: model } = makeModel(tiny)
      expect(model).toMatchObject(tiny)
      expect(steps[1].state?.network).toEqual({ model, bands: ["b1", "b2"], classes: ["x", "y", "z"] })
    })
  )

  effect("learns", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* collect(folder, training(8))
      const excess = steps.map(({ loss, floor }) => loss - floor)
      expect(excess[excess.length - 1]).toBeLessThan(0.2 * excess[0])
    })
  )

  effect("leaves no tensor alive, whether it ends, fails or is cut short", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* balanced(engine, collect(folder, training(2)))
      const cut = Stream.runDrain(Stream.take(toStream(training(2)), 1))
      yield* balanced(engine, Effect.provide(cut, services(folder, engine)))
      const wrong = drain(batches().pipe(optimise({ model: { ...tiny, channels: 3 } })))
      yield* balanced(engine, Effect.flip(Effect.provide(wrong, services(folder, engine))))
    })
  )

  effect("makes one step of several batches, and of those left over at an epoch's end", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* Effect.provide(
        Stream.runCollect(
          toStream(
            batches({ epochs: 2, count: 3, size: 2 }).pipe(
              optimise({ model: tiny, id_loss: "ml_xent", loss_weight: [2, 1], update_iter: 2, optimizer: "sgd" })
            )
          )
        ),
        services(folder, engine)
      )
      expect(steps.map(({ epoch, images, state }) => [epoch, images, state?.epoch])).toEqual([
        [0, 4, undefined],
        [0, 2, 1],
        [1, 4, undefined],
        [1, 2, 2]
      ])
      for (const { idLoss, loss, metricLoss } of steps) expect(loss).toBeCloseTo(2 * idLoss + metricLoss, 9)
      expect(steps[0].idLoss).toBeGreaterThan(0)
    })
  )
})

it("a step gives the same on both engines", async () => {
  const cpu = await opened("cpu")
  const run = (tensors: Engine) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* temporaryFolder
          const pipeline = batches({ epochs: 1, count: 1 }).pipe(optimise({ model: tiny }))
          return yield* Effect.provide(Stream.runCollect(toStream(pipeline)), services(folder, tensors))
        })
      )
    )
  const [[a], [b]] = [await run(cpu), await run(engine)]
  expect(a.loss).toBeCloseTo(b.loss, 4)
  const gradients = (step: TrainStep, name: string) =>
    step.state?.moments.find((array) => array.name === `m/${name}`)?.data as Float32Array
  for (const name of ["encoder.encoder_block0.0.weight", "encoder.encoder_block2.0.downsample.0.weight"]) {
    const [x, y] = [gradients(a, name), gradients(b, name)]
    const scale = Math.max(...x.map(Math.abs))
    expect(scale).toBeGreaterThan(0)
    expect(Math.max(...x.map((value, i) => Math.abs(value - y[i]))) / scale).toBeLessThan(1e-2)
  }
})
