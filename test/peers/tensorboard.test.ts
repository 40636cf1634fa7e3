import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { Run } from "../../src/ops/run.ts"
import { tensorboard } from "../../src/ops/train/tensorboard.ts"
import { drain } from "../../src/pipeline/interpret.ts"
import { fakeRun } from "../ops/fake-run.ts"
import { stepAt, stepsFor } from "../ops/train/steps.ts"
import { peer } from "./python.ts"

describe("event files against TensorBoard", () => {
  peer("reads every scalar that was written, after a run that went on too", ["tensorboard"], async (python) => {
    const program = Effect.gen(function* () {
      const { folder, run } = yield* fakeRun
      const write = (from: number, to: number) =>
        Effect.provideService(drain(stepsFor({ from, to }).pipe(tensorboard({ display_step: 2 }))), Run, run)
      yield* write(0, 8)
      yield* write(5, 12)
      return yield* Effect.promise(() => python("tensorboard_read", join(folder, "summary")))
    })
    const found = (await Effect.runPromise(Effect.scoped(program))) as Record<string, Array<[number, number]>>
    const steps = Array.from({ length: 12 }, (_, i) => stepAt(i))
    // Epochs have three steps.
    const shown = steps.filter(({ step }) => (step % 3) % 2 === 0)
    const validated = steps.filter(({ validation }) => validation !== undefined)
    const series = (of: typeof steps, value: (step: (typeof steps)[number]) => number) =>
      of.map((step) => [step.step, Math.fround(value(step))])
    const figure = (name: string) => series(validated, ({ validation }) => validation?.[name] ?? Number.NaN)
    expect(found).toEqual({
      total_loss: series(shown, ({ loss }) => loss),
      id_loss: series(shown, ({ idLoss }) => idLoss),
      metric_loss: series(shown, ({ metricLoss }) => metricLoss),
      learning_rate: series(shown, ({ learningRate }) => learningRate),
      "mAP/easy": figure("mAP.easy"),
      "mAP/medium": figure("mAP.medium"),
      "mAP/hard": figure("mAP.hard"),
      ACG: figure("ACG@100"),
      nDCG: figure("nDCG@100"),
      wAP: figure("wAP@100")
    })
  })
})
