import { Effect, Stream } from "effect"
import { beforeAll, describe, expect } from "vitest"
import { Report, TrainStep } from "../../../src/ops/elements.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { validate } from "../../../src/ops/train/validate.ts"
import { drain } from "../../../src/pipeline/interpret.ts"
import { operator } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, message, services, temporaryFolder, tiny } from "./harness.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

describe("validate", () => {
  /** Ends without a report. */
  const nothing = operator({
    name: "nothing",
    about: "Gives nothing.",
    from: TrainStep,
    to: Report,
    params: {},
    run: () => (stream) => Stream.flatMap(stream, () => Stream.empty)
  })
  const validated = (model: typeof tiny | (Omit<typeof tiny, "channels"> & { readonly channels: number })) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const inner = batches({ epochs: 1 }).pipe(optimise({ model }), nothing())
      const outer = batches({ epochs: 1 }).pipe(optimise({ model: tiny }), validate({ with: inner }))
      return yield* message(Effect.provide(drain(outer), services(folder, engine)))
    })

  effect("says that the inner pipeline failed, and why", () =>
    Effect.gen(function* () {
      expect(yield* validated({ ...tiny, channels: 9 })).toMatch(/^validation after epoch 1: .*has 9 input channels/)
    })
  )

  effect("says that the inner pipeline gave no report", () =>
    Effect.gen(function* () {
      expect(yield* validated(tiny)).toBe(
        "validation after epoch 1: the pipeline gave no report. Read a split that has images."
      )
    })
  )
})
