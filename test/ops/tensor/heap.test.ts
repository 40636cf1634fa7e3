import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { makeModel } from "../../../src/ops/model/model.ts"
import { EngineMemoryError, openEngine } from "../../../src/ops/tensor/engine.ts"
import { withinMemory } from "../../../src/ops/tensor/fitting.ts"
import type { LossInput } from "../../../src/ops/train/losses/loss.ts"
import { orderedMultiLabel } from "../../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../../src/ops/train/trainer.ts"
import { initialWeights } from "../model/initial.ts"
import { makeBatch, tiny } from "../train/harness.ts"
import { noise, upload } from "./with-engine.ts"

const MIB = 2 ** 20
const limited = (memory?: number) => Effect.runPromise(openEngine("wasm", { memory }))
const caught = (body: () => unknown): EngineMemoryError => {
  try {
    body()
  } catch (cause) {
    if (cause instanceof EngineMemoryError) return cause
    throw cause
  }
  throw new Error("it fitted")
}

afterEach(async () => void (await limited()))

describe("the memory of WebAssembly", () => {
  it("is counted, and given back", async () => {
    const engine = await limited()
    const bytes = (shape: ReadonlyArray<number>) =>
      engine.peak(() => engine.scope(() => void upload(engine, noise(shape, 1)))) ?? 0
    const base = bytes([0])
    expect(bytes([1000]) - base).toBe(4000)
    expect(bytes([500]) - base).toBe(2000)
  })

  it("full, is an error that leaves no tensor behind", async () => {
    const base = (await limited()).peak(() => undefined) ?? 0
    const engine = await limited(base + MIB)
    const before = engine.live()
    const fill = () => engine.scope(() => [1, 2].map((seed) => engine.relu(upload(engine, noise([MIB / 8], seed)))))
    expect(caught(fill).message).toMatch(/^WebAssembly: its memory of \d+ MiB is full\./)
    expect(engine.live()).toBe(before)
    expect(engine.scope(() => engine.read(upload(engine, noise([2], 1))).length)).toBe(2)
  })

  it("names a batch size that does fit a step of training", async () => {
    const model = makeModel(tiny)
    const start = { weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 }
    const metric = (input: LossInput) => orderedMultiLabel(input)
    const losses = { id: undefined, metric, weight: [1, 1] } as const
    const free = await limited()
    const trainer = makeTrainer(free, model, { losses }, start)
    // One image alone gives the last batch norms a single value of each channel, so that two are the fewest.
    const [some, all] = [2, 240].map(
      (images) => free.peak(() => trainer.step([makeBatch(0, 0, images)], 0, () => 0)) ?? 0
    )
    const state = trainer.state()
    trainer.dispose()
    const engine = await limited((some + all) / 2)
    const small = makeTrainer(engine, model, { losses }, state)
    const error = caught(() => small.step([makeBatch(0, 0, 240)], 1, () => 0))
    expect(error.message).toMatch(/^a batch of 240 images of 17x17: does not fit the .* GiB of the wasm engine\./)
    const [, named] = /at most (\d+)/.exec(error.remedy) ?? []
    expect(Number(named)).toBeGreaterThan(1)
    expect(Number(named)).toBeLessThan(240)
    expect(small.state().step).toBe(state.step)
    expect(small.step([makeBatch(0, 0, Number(named))], 0, () => 0).total).toBeGreaterThan(0)
    small.dispose()
  })

  it("says so where not even one image fits", async () => {
    const engine = await limited()
    const full = () => {
      throw new EngineMemoryError({ subject: "WebAssembly", problem: "full", remedy: "none" })
    }
    expect(caught(() => withinMemory(engine, makeBatch(0, 0, 3), full)).remedy).toMatch(/^Use smaller images/)
  })
})
