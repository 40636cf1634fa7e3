/** Reading through the language against the bare loop that does the same work. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { assemble } from "../../src/ops/data/assemble.ts"
import { bandNames } from "../../src/ops/data/bands.ts"
import { batch } from "../../src/ops/data/batch.ts"
import { decode } from "../../src/ops/data/decode.ts"
import { CLASSES_19 } from "../../src/ops/data/labels.ts"
import { miniature } from "../../src/ops/data/miniature.ts"
import { BIGEARTHNET_MOMENTS, normalised } from "../../src/ops/data/normalisation.ts"
import { normalise } from "../../src/ops/data/normalise.ts"
import { read } from "../../src/ops/data/read.ts"
import { split } from "../../src/ops/data/split.ts"
import { readSplitFile } from "../../src/ops/data/split-files.ts"
import { addToBatch, type Filling, finishBatch, startBatch } from "../../src/ops/data/stack.ts"
import { openReader, type StoreReader } from "../../src/ops/data/store/lmdb.ts"
import { decodeValue } from "../../src/ops/data/store/value.ts"
import { store } from "../../src/ops/data/store.ts"
import type { Patch } from "../../src/ops/elements.ts"
import { Run } from "../../src/ops/run.ts"
import { drain } from "../../src/pipeline/interpret.ts"
import { type Figure, inTurn } from "./harness.ts"

const SIZE = 64
const bands = bandNames("s2-10m+20m", [])
const classes = CLASSES_19

const quietRun = (folder: string) =>
  Layer.succeed(Run, {
    folder,
    root: folder,
    seed: 24,
    experiment: "bench",
    say: () => Effect.void,
    record: () => Effect.void,
    wrote: () => Effect.void
  })

const patchOf = (reader: StoreReader, name: string, index: number): Patch => {
  const value = decodeValue(reader.read(name), name, "19")
  const whole = assemble(value.bands, bands, name)
  const image = normalised(whole.image, bands, BIGEARTHNET_MOMENTS, name)
  return { kind: "patch", name, index, epoch: 0, ...whole, image, bands, labels: value.labels, classes }
}

/** What `read`, `normalise` and `batch` do once the store is open, without streams. */
const bareLoop = (reader: StoreReader, names: ReadonlyArray<string>): number => {
  let filling: Filling | undefined
  let batches = 0
  names.forEach((name, index) => {
    const patch = patchOf(reader, name, index)
    filling ??= startBatch(patch, SIZE)
    addToBatch(filling, patch)
    if (filling.names.length < SIZE) return
    batches += finishBatch(filling).size / SIZE
    filling = undefined
  })
  return batches
}

export const reading = async (): Promise<Figure> => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-bench-"))
  const bench = Effect.gen(function* () {
    yield* drain(miniature({ patches: 400 }).pipe(split({ train: 0.8, val: 0.1 }), decode(), store()))
    const names = readSplitFile(join(folder, "train.csv"), "train")
    const pipeline = read({ split: "train" }).pipe(normalise(), batch({ size: SIZE, drop_last: true }))
    const run = yield* Effect.context<Run>()
    return yield* Effect.promise(() =>
      inTurn(
        () => Effect.runPromiseWith(run)(drain(pipeline)),
        () =>
          Effect.runPromise(
            Effect.scoped(Effect.map(openReader(join(folder, "patches.lmdb")), (reader) => bareLoop(reader, names)))
          )
      )
    )
  })
  try {
    const { other, ours, ratio } = await Effect.runPromise(Effect.scoped(bench).pipe(Effect.provide(quietRun(folder))))
    const name = "batches of 64 patches read, normalised and stacked, five batches"
    return {
      name,
      ours,
      other,
      ratio,
      unit: "ms",
      bound: "ratio at most 2, threads that start included",
      holds: ratio <= 2
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
