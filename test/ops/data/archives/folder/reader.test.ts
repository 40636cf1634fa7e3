/** Archives of one's own, of images in folders, named by stem or by path. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { DATA_SET_NAMES } from "../../../../../src/ops/data/archives/list.ts"
import { openArchive } from "../../../../../src/ops/data/archives/open-archive.ts"
import { audit } from "../../../../../src/ops/data/audit/audit.ts"
import { inspect } from "../../../../../src/ops/data/inspect/inspect.ts"
import { read } from "../../../../../src/ops/data/patches/read.ts"
import { readSplitFile } from "../../../../../src/ops/data/splits/name-lists.ts"
import { split } from "../../../../../src/ops/data/splits/split.ts"
import { exportStore } from "../../../../../src/ops/data/stores/export.ts"
import { store } from "../../../../../src/ops/data/stores/store.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

/** Writes a picture of one pixel, which tells files apart. */
const picture = (path: string, value: number) =>
  Effect.promise(() => {
    mkdirSync(dirname(path), { recursive: true })
    return sharp(Uint8Array.of(value, 0, 0), { raw: { width: 1, height: 1, channels: 3 } })
      .png()
      .toFile(path)
  })

/** A run in a folder that holds the archive `own`: files, and a table that names them so. */
const holding = (names: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const root = temporaryFolder()
    const files = Object.keys(names)
    for (const [i, file] of files.entries()) yield* picture(join(root, "own", file), 10 * i)
    const rows = Object.values(names).map((name, i) => `${name},1,${i % 2}\n`)
    writeFileSync(join(root, "own", "labels.csv"), `image,sea,land\n${rows.join("")}`)
    return { root, ...runIn(root) }
  })

// As macOS and as most programs write the same letter.
const APART = "e\u0301"
const ONE = "\u00e9"

interface Case {
  /** What the table calls each file. */
  readonly files: Readonly<Record<string, string>>
  readonly names: ReadonlyArray<string>
  readonly lists: Readonly<Record<string, string>>
}

describe.each<readonly [string, Case]>([
  [
    "stem",
    {
      files: { "n/a.png": "a", "m/B.PNG": "b.png", "c.png": "C" },
      names: ["a", "B", "c"],
      lists: { train: "n/a.png", val: "elsewhere/b", test: "C.png" }
    }
  ],
  [
    "path",
    {
      files: { "n/A.png": "n/a.png", "m/a.png": "m\\a.png", "c.png": "c" },
      names: ["n/A", "m/a", "c"],
      lists: { train: "n/a", val: "M\\a.PNG", test: "c.png" }
    }
  ],
  [
    "stem, in other spellings",
    {
      files: { [`${APART}.png`]: `./${ONE}.png`, [`${ONE}2.png`]: `.\\${APART}2` },
      names: [ONE, `${ONE}2`],
      lists: { train: `./${ONE}`, val: `n\\${APART}2.png` }
    }
  ],
  [
    "path, in other spellings",
    {
      files: { [`n/${APART}.png`]: `.\\n\\${ONE}.png`, [`${ONE}.png`]: `./${APART}` },
      names: [`n/${ONE}`, ONE],
      lists: { train: `n/${APART}`, val: `./${ONE}` }
    }
  ]
])("a folder whose table names images by %s", (_, { files, lists, names }) => {
  effect("goes from its list to batches, and straight from the files to the same", () =>
    Effect.gen(function* () {
      const { collect, root } = yield* holding(files)
      const own = archive({ path: "own" })
      expect((yield* collect(own)).map(({ name }) => name)).toEqual(names)
      const parts = (["train", "val", "test"] as const).filter((part) => lists[part] !== undefined)
      for (const part of parts) writeFileSync(join(root, `my-${part}.txt`), `${lists[part]}\n`)
      const by = Object.fromEntries(parts.map((part) => [part, `my-${part}.txt`]))
      const [audited] = yield* collect(audit({ from: "own", lists: by }))
      expect(audited.findings.filter(({ severity }) => severity === "fail")).toEqual([])
      yield* collect(own.pipe(split({ by: "lists", lists: by }), decode(), store()))
      const reds: Array<readonly [string, number]> = []
      for (const part of parts) {
        const look = { split: part, bands: ["Red"], unit: false } as const
        const stored = yield* collect(read(look))
        expect(yield* collect(read({ ...look, store: "none", from: "own" }))).toEqual(stored)
        reds.push(...stored.map(({ image, name }) => [name, image[0]] as const))
      }
      expect(reds).toEqual(names.map((name, i) => [name, 10 * i]))
      const inspected = yield* collect(inspect({ from: "patches.lmdb" }))
      expect(inspected.map(({ patch }) => patch)).toEqual([...names].sort().flatMap((name) => [name, name, name]))
      const byHash = (facts: typeof inspected) => new Map(facts.map((one) => [`${one.patch} ${one.band}`, one.sha256]))
      expect(byHash(yield* collect(inspect({ from: "own" })))).toEqual(byHash(inspected))
      expect(yield* collect(exportStore({ by: "shard" }))).toMatchObject([{ patches: names.length }])
    })
  )

  effect("names the bands of pictures as told", () =>
    Effect.gen(function* () {
      const { collect } = yield* holding({ "a.png": "a" })
      const decoded = (bands: ReadonlyArray<string>) => collect(archive({ path: "own", bands }).pipe(decode()))
      const [{ bands }] = yield* decoded(["B04", "B03, or green", "B02"])
      expect(bands.map(({ data, name }) => [name, ...data])).toEqual([
        ["B04", 0],
        ["B03, or green", 0],
        ["B02", 0]
      ])
      expect((yield* Effect.flip(decoded(["B04"]))).message).toContain("a.png: has 3 bands, but 1 name is given (B04)")
    })
  )

  effect("is drawn into parts that `read` finds", () =>
    Effect.gen(function* () {
      const { collect } = yield* holding(files)
      yield* collect(archive({ path: "own" }).pipe(split({ by: "draw", train: 0.5, val: 0 }), decode(), store()))
      const found = yield* Effect.forEach(["train", "test"] as const, (part) =>
        collect(read({ split: part, bands: ["Red"] }))
      )
      expect(
        found
          .flat()
          .map(({ name }) => name)
          .sort()
      ).toEqual([...names].sort())
    })
  )
})

describe("a folder is refused", () => {
  const write = (text: string, name = "labels.csv") => {
    const root = temporaryFolder()
    writeFileSync(join(root, name), text)
    return root
  }

  it("whose table has pandas' index before its names", async () => {
    await expect(openArchive(write(",image,sea\n0,a.png,1\n"), {})).rejects.toThrow(
      'row 1 has "a.png" for image, which is neither 0 nor 1. Its first column seems to be the index of pandas: ' +
        "save the table with `to_csv(file, index=False)`."
    )
  })

  effect("whose names are one", () =>
    Effect.gen(function* () {
      const messageOf = (names: Readonly<Record<string, string>>) =>
        Effect.flatMap(holding(names), ({ collect }) =>
          Effect.map(Effect.flip(collect(archive({ path: "own" }))), ({ message }) => message)
        )
      const problem = "holds two images of one name: "
      expect(yield* messageOf({ "m/a.png": "a", "n/a.png": "b" })).toContain(
        `${problem}m/a.png and n/a.png. Names must differ by more than case, folder and extension: remove or rename one.`
      )
      expect(yield* messageOf({ "n/A.png": "n/a", "n/a.jpg": "n/b" })).toContain(
        `${problem}n/A.png and n/a.jpg. Names must differ by more than case and extension: remove or rename one.`
      )
      // A table that cannot be read names nothing by path.
      const { collect, root } = yield* holding({ "n/a.png": "n/a" })
      writeFileSync(join(root, "own", "labels.csv"), "image,sea\nn/a,one\n")
      expect((yield* collect(inspect({ from: "own" }))).map(({ patch }) => patch)).toEqual(["a", "a", "a"])
    })
  )

  it("that holds no images", async () => {
    const root = write("image,sea\na,1\n")
    await expect(openArchive(root, {})).rejects.toThrow(
      `${root}: holds no images (tif, jpg or png). Give the folder that holds the images.`
    )
  })
})

describe.skipIf(process.platform === "win32")("names that are unusual on disk", () => {
  effect("come through whole: backslashes, line breaks, quotes", () =>
    Effect.gen(function* () {
      const names = ["back\\slash", "a", "a\nb", 'say "x"', "tab\there"]
      const root = temporaryFolder()
      const { collect } = runIn(root)
      const pixel = sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } })
      const png = yield* Effect.promise(() => pixel.png().toBuffer())
      for (const name of names) writeFileSync(join(root, `${name}.png`), png)
      const rows = names.map((name) => `"${name.replaceAll('"', '""')}.png",1`)
      writeFileSync(join(root, "labels.csv"), ["image,sea", ...rows].join("\n"))
      const found = yield* collect(archive({ path: "." }).pipe(decode()))
      expect(found.map(({ name }) => name)).toEqual(names)
      const parts = yield* collect(archive({ path: "." }).pipe(split({ by: "draw", train: 0.5, val: 0 })))
      const listed = (["train", "test"] as const).map((part) => readSplitFile(join(root, `${part}.csv`), part))
      expect(listed.flat().sort()).toEqual([...names].sort())
      expect(parts.map(({ name, split }) => [name, split]).sort()).toEqual(
        listed.flatMap((some, i) => some.map((name) => [name, ["train", "test"][i]])).sort()
      )
    })
  )
})

describe("an archive whose kind is given", () => {
  it.each(DATA_SET_NAMES)("%s, is refused where no folder is, before anything is missed in it", async (kind) => {
    const root = temporaryFolder()
    const file = join(root, "file")
    writeFileSync(file, "")
    const remedy = "Give the folder that holds the archive."
    await expect(openArchive(join(root, "nope"), { kind })).rejects.toThrow(`nope: there is no such folder. ${remedy}`)
    await expect(openArchive(file, { kind })).rejects.toThrow(`${file}: is not a folder. ${remedy}`)
  })
})

describe("text that is not UTF-8", () => {
  it.each([
    ["Latin-1", Buffer.from("image,forêt\na,1\n", "latin1"), "is not text in UTF-8"],
    [
      "UTF-16 without its mark",
      Buffer.from("image,wood\na,1\n", "utf16le"),
      "is text in UTF-16 without a byte order mark"
    ]
  ])("of %s is refused, in tables of labels and in lists", async (_, bytes, problem) => {
    const root = temporaryFolder()
    const refused = (name: string) => `${join(root, name)}: ${problem}. Save it as UTF-8.`
    for (const name of ["labels.csv", "train.csv"]) writeFileSync(join(root, name), bytes)
    await expect(openArchive(root, {})).rejects.toThrow(refused("labels.csv"))
    expect(() => readSplitFile(join(root, "train.csv"), "train")).toThrow(refused("train.csv"))
  })
})
