/** What `read` refuses, and how it looks at bands; orders and splits are in the tests of whole chains. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { read } from "../../../../src/ops/data/patches/read.ts"
import { openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { encodeSafetensors } from "../../../../src/ops/formats/safetensors/write.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const { collect, used } = runIn(root)
const shape = [1, 2]
const colour = (name: string) => ({ name, dtype: "uint8" as const, shape, data: Uint8Array.of(0, 255) })
const value = encodeSafetensors(
  [
    ...["Red", "Green", "Blue"].map(colour),
    { name: "reference_map", dtype: "uint16", shape, data: Uint16Array.of(111, 523) }
  ],
  { labels_19: '["Pastures"]' }
)
const stored = (names: ReadonlyArray<string>, listed: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    writeFileSync(join(root, "train.csv"), listed.map((name) => `${name}\n`).join(""))
    const values = names.map((name) => [name, value] as const)
    return Effect.scoped(Effect.map(openWriter(join(root, "patches.lmdb")), (store) => store.write(values)))
  })

describe("read", () => {
  effect("takes 8-bit bands as shares of white whatever stands beside them", () =>
    Effect.gen(function* () {
      yield* stored(["a"], ["a"])
      const seen = (bands: "rgb" | ReadonlyArray<string>, unit = true) =>
        Effect.map(collect(read({ split: "train", bands, unit })), ([{ image, white }]) => [[...image], white])
      expect(yield* seen("rgb")).toEqual([[0, 0, 0, 1, 1, 1], 1])
      expect(yield* seen("rgb", false)).toEqual([[0, 0, 0, 255, 255, 255], 255])
      expect(yield* seen(["Red", "reference_map"])).toEqual([[0, 111, 255, 523], undefined])
      // What decides whether a pipeline runs again.
      expect(new Set(used)).toEqual(new Set([join(root, "train.csv"), join(root, "patches.lmdb", "data.mdb")]))
    })
  )

  effect("fails where not one patch of the list is there, though some may be missing", () =>
    Effect.gen(function* () {
      const look = { split: "train", bands: "rgb", missing: "skip" } as const
      yield* stored(["a"], ["x", "y", "n".repeat(3000)])
      expect((yield* Effect.flip(collect(read(look)))).message).toBe(
        `${join(root, "patches.lmdb")}: holds none of the 3 patches of train. Name the store or archive that the lists belong to, or make the splits again.`
      )
      yield* stored(["a"], ["x", "a", "n".repeat(3000)])
      expect((yield* collect(read(look))).map(({ name }) => name)).toEqual(["a"])
    })
  )

  effect("takes labels from elsewhere for a store alone", () =>
    Effect.gen(function* () {
      yield* stored(["a"], ["a"])
      const fault = yield* Effect.flip(collect(read({ split: "train", store: "none", from: "x", labels: "y" })))
      expect(fault.message).toBe(
        "read: uses `labels` only with a store; with `store: none` the archive supplies its own. Omit one of them."
      )
    })
  )
})
