/** Names that a list written without care would divide in another way than was drawn. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../src/ops/data/archives/decode.ts"
import { read } from "../../../../src/ops/data/patches/read.ts"
import { readSplitFile } from "../../../../src/ops/data/splits/name-lists.ts"
import { split } from "../../../../src/ops/data/splits/split.ts"
import { store } from "../../../../src/ops/data/stores/store.ts"
import { csvRow } from "../../../../src/ops/formats/csv-rows.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const NAMES = ["a", "b", "a\nb", "c", "d", "c\r\nd", 'e"f', "g,h", "i;j", "k l", "m\rn", "o"]

describe("names with line breaks, quotes and delimiters", () => {
  const root = temporaryFolder()
  const { collect } = runIn(root)

  effect("are in the one split that was drawn for them, and are read from it", () =>
    Effect.gen(function* () {
      const folder = join(root, "images")
      mkdirSync(folder)
      const channel = (value: number) => ({
        width: 2,
        height: 2,
        channels: 3 as const,
        background: { r: value, g: 0, b: 0 }
      })
      for (const [i, name] of NAMES.entries()) {
        const png = yield* Effect.promise(() =>
          sharp({ create: channel(i) })
            .png()
            .toBuffer()
        )
        writeFileSync(join(folder, `${name}.png`), png)
      }
      const rows = NAMES.map((name, i) => csvRow([`${name}.png`, i % 2, 1]))
      writeFileSync(join(folder, "labels.csv"), [csvRow(["image", "x", "y"]), ...rows].join(""))
      const prepared = archive({ kind: "folder", path: "images" }).pipe(split({ train: 0.5, val: 0.2, seed: 2 }))
      const drawn = yield* collect(prepared)
      yield* collect(prepared.pipe(decode(), store()))
      const listed: Array<string> = []
      for (const part of ["train", "val", "test"] as const) {
        const names = drawn.filter((ref) => ref.split === part).map(({ name }) => name)
        expect(readSplitFile(join(root, `${part}.csv`), part)).toEqual(names)
        const patches = yield* collect(read({ split: part, bands: "rgb", unit: false }))
        expect(patches.map(({ name, image }) => [name, image[0]])).toEqual(
          names.map((name) => [name, NAMES.indexOf(name)])
        )
        listed.push(...names)
      }
      expect(listed.sort()).toEqual([...NAMES].sort())
      expect(readFileSync(join(root, "train.csv"), "utf8")).not.toBe("")
    })
  )

  effect("leave no empty store where lists match nothing", () =>
    Effect.gen(function* () {
      writeFileSync(join(root, "other.csv"), "x\ny\n")
      const by = split({ by: "lists", lists: { train: "other.csv" }, missing: "skip" })
      const run = archive({ kind: "folder", path: "images" }).pipe(by, decode(), store({ to: "none.lmdb" }))
      const fault = yield* Effect.flip(collect(run))
      expect(fault.message).toContain(
        "split: no name in the lists is that of a patch: the lists have x, y, the archive "
      )
    })
  )
})
