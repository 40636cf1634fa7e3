/** Stores as rico-hdl writes them have no labels: the archive's metadata tell them. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { decode } from "../../../src/ops/data/archives/decode.ts"
import { miniature } from "../../../src/ops/data/miniature/miniature.ts"
import { read } from "../../../src/ops/data/patches/read.ts"
import { split } from "../../../src/ops/data/splits/split.ts"
import { openReader } from "../../../src/ops/data/stores/open-store.ts"
import { store } from "../../../src/ops/data/stores/store.ts"
import { decodeSafetensors } from "../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../src/ops/formats/safetensors/write.ts"
import { Threads } from "../../../src/ops/workers/threads.ts"
import { effect } from "../../effect.ts"
import { temporaryFolder } from "./folder.ts"
import { writeVersion1 } from "./stores/version1-writer.ts"
import { runIn } from "./streams.ts"

const root = temporaryFolder()
const { collect } = runIn(root)
/** So many that threads are worth their start. */
const EPOCHS = 80

/** Our store, the same patches without a word on labels, and the metadata alone. */
const prepared = Effect.cached(
  Effect.gen(function* () {
    const made = miniature({ kind: "bigearthnet-v2", patches: 14, to: "v2" })
    yield* collect(made.pipe(split({ by: "archive" }), decode(), store()))
    const ours = yield* Effect.scoped(
      Effect.map(openReader(join(root, "patches.lmdb")), (reader) =>
        [...reader.names()].map((name) => [name, Uint8Array.from(reader.read(name))] as const)
      )
    )
    const bare = ours.map(([name, value]) => [name, encodeSafetensors(decodeSafetensors(value, name).tensors)] as const)
    writeVersion1(join(root, "rico.lmdb"), bare)
    mkdirSync(join(root, "metadata"))
    copyFileSync(join(root, "v2", "metadata.parquet"), join(root, "metadata", "metadata.parquet"))
  })
).pipe(Effect.runSync)

describe("a store without labels", () => {
  effect("is read with those of the archive's metadata, whose images need not be there", () =>
    Effect.gen(function* () {
      yield* prepared
      const wanted = { split: "train", bands: ["B01"], epochs: EPOCHS, shuffle: true } as const
      const ours = yield* collect(read(wanted))
      expect(ours.length).toBeGreaterThan(512)
      const labelled = read({ ...wanted, from: "rico.lmdb", labels: "metadata" })
      for (const threads of [1, 2]) {
        expect(yield* Effect.provideService(collect(labelled), Threads, threads)).toEqual(ours)
      }
    })
  )

  effect("is refused with the way to name them, as are metadata that know nothing of its patches", () =>
    Effect.gen(function* () {
      yield* prepared
      const message = (labels?: string) =>
        Effect.map(
          Effect.flip(
            collect(read({ split: "train", from: "rico.lmdb", ...(labels === undefined ? {} : { labels }) }))
          ),
          (fault) => fault.message
        )
      expect(yield* message()).toMatch(
        /has no labels in its store\. Name the archive that supplies them, `read: \{ labels: /
      )
      mkdirSync(join(root, "other"), { recursive: true })
      writeFileSync(join(root, "other", "metadata.parquet"), "no parquet")
      expect(yield* message("other")).toContain("metadata.parquet: cannot be read as parquet")
      expect(yield* message("nowhere")).toContain("nowhere: there is no such folder")
    })
  )
})
