import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { miniature } from "../../../../../src/ops/data/miniature/miniature.ts"
import { read } from "../../../../../src/ops/data/patches/read.ts"
import { store } from "../../../../../src/ops/data/stores/store.ts"
import { Threads } from "../../../../../src/ops/workers/threads.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const root = temporaryFolder()
const { collect, said } = runIn(root)
const PATCHES = 26
/** So many that threads are worth their start. */
const EPOCHS = 20

/** A store of patches, of which one has no label under 19 classes. */
const prepared = Effect.cached(
  Effect.gen(function* () {
    const refs = yield* collect(miniature({ patches: PATCHES }))
    writeFileSync(join(refs[2].folder, `${refs[2].name}_labels_metadata.json`), '{"labels":["Airports"]}')
    yield* collect(archive({ path: "miniature" }).pipe(decode(), store()))
    writeFileSync(join(root, "train.csv"), refs.map(({ name }) => `${name}\n`).join(""))
  })
).pipe(Effect.runSync)

const on = (threads: number, bands: ReadonlyArray<string>, shuffle_labels = false) =>
  collect(read({ split: "train", epochs: EPOCHS, shuffle: true, bands, shuffle_labels })).pipe(
    Effect.provideService(Threads, threads),
    // Pixels as text: compared at once, not one by one.
    Effect.map((patches) =>
      patches.map(({ image, labels, ...patch }) => ({
        ...patch,
        image: Buffer.from(image.buffer).toString("base64"),
        labels: labels.join("")
      }))
    )
  )

describe("reading on worker threads", () => {
  effect("gives the same patches in the same order, and counts those left out once", () =>
    Effect.gen(function* () {
      yield* prepared
      for (const shuffled of [false, true]) {
        said.length = 0
        const here = yield* on(1, ["B01"], shuffled)
        expect(here).toHaveLength(EPOCHS * (PATCHES - 1))
        expect(yield* on(3, ["B01"], shuffled)).toEqual(here)
        const line = "read: left out 1 patch of train without a label under 19 classes"
        expect(said).toEqual([line, line])
      }
    })
  )

  effect("fails with the same words", () =>
    Effect.gen(function* () {
      yield* prepared
      const [here, there] = [yield* Effect.flip(on(1, ["B8B"])), yield* Effect.flip(on(2, ["B8B"]))]
      expect(there._tag).toBe("DataError")
      expect(there.message.split(":")[1]).toBe(here.message.split(":")[1])
    })
  )
})
