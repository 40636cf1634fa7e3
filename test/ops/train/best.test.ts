import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { TrainStep } from "../../../src/ops/elements.ts"
import { decodeSafetensors } from "../../../src/ops/formats/safetensors/read.ts"
import { bestPath } from "../../../src/ops/model/weights/checkpoints.ts"
import { Run } from "../../../src/ops/run.ts"
import { best } from "../../../src/ops/train/best.ts"
import { flatFigures } from "../../../src/ops/train/validate.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { operator } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { fakeRun } from "../fake-run.ts"
import { hardOf, stepsFor } from "./steps.ts"

const EPOCHS = 9
const values = Array.from({ length: EPOCHS }, (_, epoch) => hardOf(epoch))
/** The epoch, from 1, that is best among the first so many. */
const bestAmong = (epochs: number) => {
  const some = values.slice(0, epochs)
  return some.indexOf(Math.max(...some)) + 1
}

const trial = (params: Parameters<typeof best>[0], from = 0, to = 3 * EPOCHS) =>
  Effect.gen(function* () {
    const { folder, run, said } = yield* fakeRun
    const again = (first: number, end: number) =>
      Stream.runCollect(toStream(stepsFor({ from: first, to: end }).pipe(best(params)))).pipe(
        Effect.provideService(Run, run)
      )
    const steps = yield* again(from, to)
    const checkpoints = join(folder, "checkpoints")
    const path = bestPath(checkpoints)
    const kept = existsSync(path) ? decodeSafetensors(readFileSync(path), path).tensors[0].data : undefined
    return { steps, said, again, checkpoints, kept }
  })

describe("best", () => {
  effect("keeps the weights of the epoch with the largest figure, and passes all steps", () =>
    Effect.gen(function* () {
      const { checkpoints, kept, steps } = yield* trial({})
      expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 3 * EPOCHS }, (_, i) => i))
      expect(kept?.[0]).toBe(bestAmong(EPOCHS) - 1)
      const history = JSON.parse(readFileSync(join(checkpoints, "best.json"), "utf8"))
      expect(history).toEqual(values.map((value, i) => ({ epoch: i + 1, value })))
    })
  )

  effect("ends training where the figure has not become better for so many validations", () =>
    Effect.gen(function* () {
      const patience = 2
      const { said, steps } = yield* trial({ patience })
      const stop = values.findIndex((_, i) => i + 1 - bestAmong(i + 1) >= patience) + 1
      expect(stop).toBeGreaterThan(patience)
      expect(stop).toBeLessThan(EPOCHS)
      expect(steps.at(-1)?.step).toBe(3 * stop - 1)
      expect(said).toEqual([
        `  training ends after epoch ${stop}: mAP.hard was best after epoch ${bestAmong(stop)} (${values[bestAmong(stop) - 1].toFixed(4)})`
      ])
    })
  )

  effect("remembers what a stopped run had seen", () =>
    Effect.gen(function* () {
      const { again, checkpoints } = yield* trial({}, 0, 3 * 5)
      // It goes on from epoch 4, whose last step is given once more.
      yield* again(3 * 4 - 1, 3 * EPOCHS)
      const history = JSON.parse(readFileSync(join(checkpoints, "best.json"), "utf8"))
      expect(history.map(({ epoch }: { readonly epoch: number }) => epoch)).toEqual(values.map((_, i) => i + 1))
    })
  )

  effect("says which figures there are", () =>
    Effect.gen(function* () {
      const fault = yield* Effect.flip(trial({ figure: "mAP.hrad" }))
      expect(fault.message).toBe(
        "validation after epoch 1: has no figure mAP.hrad; it has mAP.easy, mAP.medium, mAP.hard, ACG@100, nDCG@100, wAP@100. Name `mAP.hard` in `figure` of `best`."
      )
    })
  )

  /** What is said where validation gave something else. */
  const saidOf = (validation: TrainStep["validation"]) =>
    Effect.gen(function* () {
      const { run } = yield* fakeRun
      const changed = operator({
        name: "changed",
        about: "Changes what validation gave, for tests.",
        from: TrainStep,
        to: TrainStep,
        params: {},
        run: () => (steps) => Stream.map(steps, (step) => ({ ...step, validation }))
      })
      const program = Stream.runDrain(toStream(stepsFor({ from: 0, to: 3 }).pipe(changed(), best({}))))
      return (yield* Effect.flip(Effect.provideService(program, Run, run))).message
    })

  effect("tells an epoch without validation from a figure that is undefined, and that from one that is not there", () =>
    Effect.gen(function* () {
      expect(yield* saidOf(undefined)).toBe(
        "best: epoch 1 ended without a validation, so no checkpoint is the best. Put `validate` before `best`."
      )
      expect(yield* saidOf(flatFigures({ mAP: { easy: 0.5, hard: null } }))).toBe(
        "validation after epoch 1: mAP.hard is undefined: no query of the validation split counts in it. Validate on more images, or name another figure in `figure` of `best`."
      )
      expect(yield* saidOf(flatFigures({ mAP: { easy: 0.5 } }))).toContain("has no figure mAP.hard; it has mAP.easy. ")
    })
  )
})
