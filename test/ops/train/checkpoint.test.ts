import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { beforeAll, describe, expect } from "vitest"
import { checkpointPath, newestEpoch } from "../../../src/ops/model/weights/checkpoints.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { checkpoint } from "../../../src/ops/train/checkpoint.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, bytes, collected, message, temporaryFolder, tiny, training } from "./harness.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

const collect = (folder: string, pipeline: ReturnType<typeof training>, from = 0) =>
  collected(folder, engine, pipeline, from)

describe("checkpoint", () => {
  effect("keeps the newest", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(3))
      expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual([
        "epoch_0002.safetensors",
        "epoch_0003.safetensors"
      ])
    })
  )

  const spaced = (epochs: number, params = {}) =>
    batches({ epochs }).pipe(optimise({ model: tiny }), checkpoint({ checkpoint_step: 2, keep: 9, ...params }))
  const files = (folder: string) => readdirSync(join(folder, "checkpoints")).map((name) => Number(name.slice(6, 10)))

  effect("writes every second epoch and the last; only those keep their state", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const steps = yield* collect(folder, spaced(5))
      expect(files(folder)).toEqual([2, 4, 5])
      expect(steps.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(steps.flatMap(({ state }) => state?.epoch ?? [])).toEqual([2, 4, 5])
      const resumed = yield* collect(folder, spaced(6), 4)
      expect(resumed.map(({ step }) => step)).toEqual([7, 8, 9, 10, 11])
    })
  )

  effect("starts anew where it is told to", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, spaced(4))
      yield* collect(folder, spaced(2, { resume: false }))
      expect(files(folder)).toEqual([2])
    })
  )

  effect("says what is wrong with a broken file, and ignores others", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const checkpoints = join(folder, "checkpoints")
      expect(yield* newestEpoch(checkpoints)).toBe(0)
      yield* collect(folder, training(1))
      writeFileSync(join(checkpoints, "epoch_0002.safetensors.1.partial"), "half")
      writeFileSync(join(checkpoints, "notes.txt"), "")
      expect(yield* newestEpoch(checkpoints)).toBe(1)
      const path = checkpointPath(checkpoints, 1)
      writeFileSync(path, bytes(folder, 1).subarray(0, 5000))
      const said = yield* message(newestEpoch(checkpoints))
      expect(said.split(path)).toHaveLength(2)
      expect(said).toContain("Move it away: training then continues from the checkpoint before it, or from the start.")
    })
  )
})
