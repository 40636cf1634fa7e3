/** A disk that fills while a checkpoint is written. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Exit, Stream } from "effect"
import { beforeAll, expect, vi } from "vitest"
import { checkpointPath, newestEpoch } from "../../../src/ops/model/weights/checkpoints.ts"
import { FirstEpoch } from "../../../src/ops/run.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { checkpoint } from "../../../src/ops/train/checkpoint.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, services, temporaryFolder, tiny } from "./harness.ts"

/** Bytes that the disk still takes in one file. */
const disk = vi.hoisted(() => ({ room: Number.POSITIVE_INFINITY }))

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>()
  const writeSync = (fd: number, bytes: Uint8Array, offset: number): number => {
    if (offset >= disk.room) {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" })
    }
    return fs.writeSync(fd, bytes, offset, Math.min(bytes.length - offset, disk.room - offset))
  }
  return { ...fs, default: { ...fs, writeSync }, writeSync }
})

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

effect("loses nothing, says which file, and goes on once there is room", () =>
  Effect.gen(function* () {
    const [folder, other] = [yield* temporaryFolder, yield* temporaryFolder]
    const train = (to: string, epochs: number, from = 0) =>
      Stream.runDrain(
        toStream(batches({ epochs, count: 1, size: 3 }).pipe(optimise({ model: tiny }), checkpoint()))
      ).pipe(Effect.provideService(FirstEpoch, from), Effect.provide(services(to, engine)))
    const checkpoints = join(folder, "checkpoints")
    yield* train(folder, 1)
    const before = readFileSync(checkpointPath(checkpoints, 1))
    disk.room = before.length >> 1
    const fault = yield* Effect.flip(train(folder, 2, 1))
    disk.room = Number.POSITIVE_INFINITY
    expect(fault.message).toBe(
      // The checkpoint of epoch 1 is written once more, since the run might have stopped before.
      `${checkpointPath(checkpoints, 1)}: ENOSPC: no space left on device, write. Free disk space, or choose another run folder.`
    )
    expect(readdirSync(checkpoints)).toEqual(["epoch_0001.safetensors"])
    expect(readFileSync(checkpointPath(checkpoints, 1)).equals(before)).toBe(true)
    expect(yield* newestEpoch(checkpoints)).toBe(1)
    yield* train(folder, 2, 1)
    yield* train(other, 2)
    const [one, two] = [folder, other].map((each) => readFileSync(checkpointPath(join(each, "checkpoints"), 2)))
    expect(one.equals(two)).toBe(true)
    expect(Exit.isSuccess(yield* Effect.exit(newestEpoch(checkpoints)))).toBe(true)
  })
)
