import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { balanced } from "./leaks.ts"
import { devices, differentiated, noise, opened, upload } from "./with-engine.ts"

describe.each(devices)("live tensors on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })
  const run = (body: () => unknown) => Effect.runPromise(balanced(engine, Effect.sync(body)))

  it("are as many after forward and backward passes as before", async () => {
    const [x, w, dy] = [noise([3, 7, 7, 4], 1), noise([3, 3, 4, 4], 2), noise([3, 4, 4, 4], 3)]
    const [k, gamma, beta] = [noise([1, 1, 4, 4], 6), noise([4], 4), noise([4], 5)]
    const deep = noise([3, 3, 1, 4], 7)
    await run(() =>
      differentiated(engine, [x, w, k, gamma, beta, deep], dy, (a, b, c, g, s, d) => {
        const options = { stride: 2, padding: 1, dilation: 1 }
        const { y, mean, variance } = engine.batchNorm(engine.conv2d(a, b, options), g, s, { relu: true })
        engine.dispose([mean, variance])
        const spread = engine.conv2d(y, d, { stride: 1, padding: [1, 1, 2, 0], dilation: 1, groups: 4 })
        const point = engine.conv2d(spread, c, { stride: 1, padding: 0, dilation: 1 })
        return engine.addRelu(engine.maxPool(point, { size: 3, stride: 1, padding: 1 }), y)
      })
    )
  })

  it("are as many after an update", () =>
    run(() =>
      engine.scope(() => {
        const [weight, m, v, g] = [1, 2, 3, 4].map((seed) => upload(engine, noise([7], seed, 1)))
        engine.adam({ weight, m, v }, g, { learningRate: 0.1, step: 1 })
        engine.sgd({ weight, velocity: m }, g, { learningRate: 0.1 })
      })
    ))

  it("are as many after a pass that throws", () =>
    run(() =>
      expect(() =>
        engine.scope(() => {
          upload(engine, noise([3], 1))
          throw new Error("in the middle")
        })
      ).toThrow("in the middle")
    ))

  it("are as many after a pass that throws between its layers", () => {
    const [x, w] = [noise([2, 5, 5, 3], 1), noise([3, 3, 3, 4], 2)]
    return run(() =>
      expect(() =>
        engine.scope(() => {
          const [image, filter] = [upload(engine, x), upload(engine, w)]
          engine.gradients(() => {
            engine.relu(engine.conv2d(image, filter, { stride: 1, padding: 1, dilation: 1 }))
            throw new Error("in the middle")
          }, [filter])
        })
      ).toThrow("in the middle")
    )
  })

  it("are counted: a step that leaks is found out", async () => {
    let leaked: ReturnType<Engine["tensor"]> | undefined
    const leak = () => {
      leaked = engine.scope(() => engine.keep(upload(engine, noise([3], 1))))
    }
    await expect(run(leak)).rejects.toThrow("1 tensors leaked")
    if (leaked !== undefined) engine.dispose([leaked])
  })
})
