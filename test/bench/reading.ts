/** Reading through the language against bare loops that do the same work. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { CLASSES_19 } from "../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { decode } from "../../src/ops/data/archives/decode.ts"
import { miniature } from "../../src/ops/data/miniature/miniature.ts"
import { bandNames } from "../../src/ops/data/patches/bands.ts"
import { batch } from "../../src/ops/data/patches/batch.ts"
import { addToBatch, type Filling, finishBatch, startBatch } from "../../src/ops/data/patches/filling-batch.ts"
import { BIGEARTHNET_MOMENTS } from "../../src/ops/data/patches/moments/known-moments.ts"
import { normalised } from "../../src/ops/data/patches/moments/normalised.ts"
import { normalise } from "../../src/ops/data/patches/normalise.ts"
import { read } from "../../src/ops/data/patches/read.ts"
import { assemble } from "../../src/ops/data/patches/reading/assemble.ts"
import { readSplitFile } from "../../src/ops/data/splits/name-lists.ts"
import { split } from "../../src/ops/data/splits/split.ts"
import { openReader, type StoreReader } from "../../src/ops/data/stores/open-store.ts"
import { decodeValue, type StoredPatch } from "../../src/ops/data/stores/patch-value.ts"
import { store } from "../../src/ops/data/stores/store.ts"
import type { Patch } from "../../src/ops/elements.ts"
import type { Run } from "../../src/ops/run.ts"
import { drain } from "../../src/pipeline/interpret.ts"
import { type Figure, inTurn } from "./harness.ts"
import { quietRun } from "./quiet-run.ts"

const SIZE = 64
const bands = bandNames("s2-10m+20m", [])
const classes = CLASSES_19

/** What `read`, `normalise` and `batch` make of a store's value, or of one that lies in memory already. */
const patchOf = (value: StoredPatch, name: string, index: number): Patch => {
  const whole = assemble(value.bands, bands, name)
  const image = normalised(whole.image, bands, BIGEARTHNET_MOMENTS, name)
  return { kind: "patch", name, index, epoch: 0, ...whole, image, bands, labels: value.labels, classes }
}

/** Batches of patches without streams. */
const bareLoop = (names: ReadonlyArray<string>, stored: (name: string) => StoredPatch): number => {
  let filling: Filling | undefined
  let batches = 0
  names.forEach((name, index) => {
    const patch = patchOf(stored(name), name, index)
    filling ??= startBatch(patch, SIZE)
    addToBatch(filling, patch)
    if (filling.names.length < SIZE) return
    batches += finishBatch(filling).size / SIZE
    filling = undefined
  })
  return batches
}

const decoded = (reader: StoreReader) => (name: string) => decodeValue(reader.read(name), name, "19")

/** Opens the store, and gives what a patch is read by. */
const withStore = <A>(path: string, use: (stored: (name: string) => StoredPatch) => A): Promise<A> =>
  Effect.runPromise(Effect.scoped(Effect.map(openReader(path), (reader) => use(decoded(reader)))))

const BOUND = "ratio at most 2, threads that start included"

export const reading = async (): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-bench-"))
  const path = join(folder, "patches.lmdb")
  const bench = Effect.gen(function* () {
    yield* drain(miniature({ patches: 400 }).pipe(split({ train: 0.8, val: 0.1 }), decode(), store()))
    const names = readSplitFile(join(folder, "train.csv"), "train")
    const pipeline = read({ split: "train" }).pipe(normalise(), batch({ size: SIZE, drop_last: true }))
    const run = yield* Effect.context<Run>()
    const ours = () => Effect.runPromiseWith(run)(drain(pipeline))
    return yield* Effect.promise(async () => {
      const kept = await withStore(path, (stored) => new Map(names.map((name) => [name, stored(name)])))
      const others = {
        "beside a loop over the same store": () => withStore(path, (stored) => bareLoop(names, stored)),
        "beside a loop over patches in memory": () => bareLoop(names, (name) => kept.get(name) as StoredPatch)
      }
      const figures: Array<Figure> = []
      for (const [beside, other] of Object.entries(others)) {
        const name = `batches of ${SIZE} patches read, normalised and stacked, five batches, ${beside}`
        const timed = await inTurn(ours, other)
        figures.push({ name, ...timed, unit: "ms", bound: BOUND, holds: timed.ratio <= 2 })
      }
      return figures
    })
  })
  try {
    return await Effect.runPromise(Effect.scoped(bench).pipe(Effect.provide(quietRun(folder))))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
