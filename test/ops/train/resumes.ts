/** Training that stops after an epoch and resumes. */
import { join } from "node:path"
import { Effect } from "effect"
import { expect } from "vitest"
import { newestEpoch, readCheckpoint } from "../../../src/ops/model/weights/checkpoints.ts"
import { opened } from "../tensor/with-engine.ts"
import { bytes, collected, temporaryFolder, training } from "./harness.ts"

/**
 * Trains three epochs at once, and again with a stop after the first epoch; expects equal checkpoints.
 *
 * @param params of `optimise`
 * @returns the state after the third epoch
 */
export const expectResumes = (params: Parameters<typeof training>[1]) =>
  Effect.gen(function* () {
    const engine = yield* Effect.promise(() => opened("wasm"))
    const [whole, parted] = [yield* temporaryFolder, yield* temporaryFolder]
    yield* collected(whole, engine, training(3, params))
    yield* collected(parted, engine, training(1, params))
    yield* collected(parted, engine, training(3, params), yield* newestEpoch(join(parted, "checkpoints")))
    expect(bytes(parted, 3).equals(bytes(whole, 3))).toBe(true)
    return (yield* readCheckpoint(join(whole, "checkpoints"), 3)).state
  })
