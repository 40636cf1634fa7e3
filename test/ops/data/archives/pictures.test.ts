import { readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../src/ops/data/archives/decode.ts"
import { nomenclatureOf } from "../../../../src/ops/data/archives/nomenclatures.ts"
import { type BandFacts, inspect } from "../../../../src/ops/data/inspect/inspect.ts"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { batch } from "../../../../src/ops/data/patches/batch.ts"
import { normalise } from "../../../../src/ops/data/patches/normalise.ts"
import { read } from "../../../../src/ops/data/patches/read.ts"
import { resize } from "../../../../src/ops/data/patches/resize.ts"
import { prepareStd } from "../../../../src/ops/data/splits/original-draws.ts"
import { split } from "../../../../src/ops/data/splits/split.ts"
import { store } from "../../../../src/ops/data/stores/store.ts"
import type { PatchRef } from "../../../../src/ops/elements.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const KINDS = [
  "ucm",
  "aid",
  "whdld",
  "dlrsd",
  "dfc15",
  "mlrsnet",
  "eurosat",
  "eurosat-ms",
  "folder",
  "arrays",
  "webdataset",
  "parquet"
] as const
/** Those that divide their patches themselves. */
const DIVIDED = ["aid", "dfc15", "eurosat", "eurosat-ms"]
const COUNT = 30
const list = (root: string, part: string) =>
  readFileSync(join(root, `${part}.csv`), "utf8")
    .split("\n")
    .filter(Boolean)
/** What the maker of a patch and its reader agree on; the miniature of 13 bands is read as its archive is. */
const known = (refs: ReadonlyArray<PatchRef>) => refs.map((ref) => ({ ...ref, archive: "" }))
/** What inspecting finds, in no order: a store's is that of its keys. */
const byBand = (facts: ReadonlyArray<BandFacts>) =>
  new Map(facts.map((one) => [`${one.patch} ${one.band}`, one] as const))

describe.each(KINDS)("a miniature of %s", (kind) => {
  const root = temporaryFolder()
  const { collect, said } = runIn(root)
  const made = Effect.cached(collect(miniature({ kind, patches: COUNT, size: 48, to: kind }))).pipe(Effect.runSync)
  const archived = archive({ path: kind })

  effect("is the archive that its reader lists, in the table's order", () =>
    Effect.gen(function* () {
      const refs = yield* made
      expect(known(yield* collect(archived))).toEqual(known(refs))
      expect(said.join()).toContain(`looks like ${kind.replace("-ms", "")}`)
      expect(refs).toHaveLength(COUNT)
      expect(yield* collect(miniature({ kind, patches: COUNT, size: 48, to: kind }))).toEqual(refs)
      expect(said.join()).toContain("already exists")
    })
  )

  effect("can be decoded while it is made", () =>
    Effect.gen(function* () {
      const other = runIn(temporaryFolder())
      const raw = yield* other.collect(miniature({ kind, patches: 5, size: 48, to: kind }).pipe(decode()))
      expect(yield* other.collect(archived.pipe(decode({ concurrency: 1 })))).toEqual(raw)
    })
  )

  effect("goes from split and store to batches, and straight from the files to the same", () =>
    Effect.gen(function* () {
      const refs = yield* made
      const by = DIVIDED.includes(kind) ? "archive" : "draw"
      yield* collect(archived.pipe(split({ by }), decode(), store()))
      if (by === "archive") {
        expect(list(root, "train")).toEqual(refs.filter((ref) => ref.split === "train").map(({ name }) => name))
        expect(list(root, "test")).toEqual(refs.filter((ref) => ref.split === "test").map(({ name }) => name))
      } else {
        expect(list(root, "train")).toEqual([...prepareStd(COUNT, 24, 0.7, 0.1).train].map((i) => refs[i].name))
      }
      const scale = kind === "eurosat-ms" ? "bigearthnet" : "imagenet"
      const batches = (from: Parameters<typeof read>[0]) =>
        collect(read(from).pipe(resize({ size: 32 }), normalise({ by: scale }), batch({ size: 8 })))
      const stored = yield* batches({ split: "train", bands: "rgb" })
      expect(yield* batches({ split: "train", bands: "rgb", store: "none", from: kind })).toEqual(stored)
      const [first] = stored
      expect(first.bands).toEqual(kind === "eurosat-ms" ? ["B04", "B03", "B02"] : ["Red", "Green", "Blue"])
      expect(first.classes).toEqual(refs[0].nomenclature.classes)
      expect([first.height, first.width, first.size]).toEqual([32, 32, 8])
      const ref = refs.find(({ name }) => name === first.names[0])
      const labels = [...first.labels.subarray(0, first.classes.length).keys()].filter((i) => first.labels[i] === 1)
      expect(labels.map((i) => first.classes[i])).toEqual(ref?.labels)
      // Shares of white, scaled: between (0 - .485) / .229 and (1 - .406) / .225.
      const inside = (value: number) => value > -2.2 && value < 2.7
      if (scale === "imagenet") expect(first.images.every(inside)).toBe(true)
      expect(Math.max(...first.images) - Math.min(...first.images)).toBeGreaterThan(1)
      expect(byBand(yield* collect(inspect({ from: kind })))).toEqual(
        byBand(yield* collect(inspect({ from: "patches.lmdb" })))
      )
    })
  )
})

describe("pictures of any size", () => {
  const root = temporaryFolder()
  const { collect } = runIn(root)

  effect("keep theirs: the miniature of UCM has odd ones, as UCM has", () =>
    Effect.gen(function* () {
      const raw = yield* collect(miniature({ kind: "ucm", patches: 21, size: 40 }).pipe(decode()))
      const sizes = new Set(raw.map(({ bands }) => `${bands[0].height} x ${bands[0].width}`))
      expect(sizes).toEqual(new Set(["40 x 40", "40 x 33", "31 x 31"]))
      for (const { bands, nomenclature } of raw) {
        expect(bands.map(({ dtype, name }) => [name, dtype])).toEqual([
          ["Red", "uint8"],
          ["Green", "uint8"],
          ["Blue", "uint8"]
        ])
        expect(nomenclature).toEqual(nomenclatureOf("UCM"))
      }
    })
  )
})

describe("names", () => {
  effect("in tables may have folders, of Windows too", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      const { collect } = runIn(root)
      for (const kind of ["ucm", "dfc15"] as const) {
        const refs = yield* collect(miniature({ kind, patches: 8, size: 24, to: kind }))
        const table = join(root, kind, kind === "ucm" ? "multi-labels.csv" : "multilabel.csv")
        const [header, ...rows] = readFileSync(table, "utf8").split("\n").filter(Boolean)
        const turned = rows.map((row, i) => `${i % 2 === 0 ? ".\\images\\" : "./images/"}${row}`)
        writeFileSync(table, [header, ...turned].join("\n"))
        expect(yield* collect(archive({ path: kind }))).toEqual(refs)
      }
    })
  )
})

describe("damage", () => {
  const fresh = Effect.gen(function* () {
    const root = temporaryFolder()
    const { collect, recorded, said } = runIn(root)
    yield* collect(miniature({ kind: "ucm", patches: 8, size: 24, to: "ucm" }))
    const folder = join(root, "ucm")
    const images = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tif"))
    const whole = archive({ kind: "ucm", path: "ucm" })
    const message = Effect.map(Effect.flip(collect(whole)), (fault) => fault.message)
    const table = join(folder, "multi-labels.csv")
    return { collect, folder, images: images.sort(), message, recorded, said, table, whole }
  })

  effect("to either side of the join is refused by name, or left out and said", () =>
    Effect.gen(function* () {
      const { collect, folder, images, message, recorded, said, table } = yield* fresh
      rmSync(join(folder, images[2]))
      renameSync(join(folder, images[0]), join(folder, images[0].replace(/(\w+)\.tif$/, "stranger.tif")))
      const text = yield* message
      expect(text).toContain("2 label rows have no image: ")
      expect(text).toContain("1 image has no row of labels: ")
      expect(text).toContain("stranger.tif")
      const rest = yield* collect(archive({ kind: "ucm", path: "ucm", on_bad_patch: "skip" }))
      expect(rest).toHaveLength(6)
      expect(said.join()).toContain("2 label rows have no image")
      expect(recorded["findings.archive"]).toHaveLength(2)
      writeFileSync(table, readFileSync(table, "utf8").replace("airplane", "aeroplane"))
      expect(yield* message).toContain(
        'multi-labels.csv: its header names "aeroplane", which is not a class of UCM; did you mean `airplane`?'
      )
    })
  )

  effect("of the way there is told: no folder, or the archive one folder deeper", () =>
    Effect.gen(function* () {
      const { collect, folder } = yield* fresh
      const message = (path: string) => Effect.map(Effect.flip(collect(archive({ path }))), (fault) => fault.message)
      expect(yield* message(join(folder, "nowhere"))).toContain("nowhere: there is no such folder")
      expect(yield* message(join(folder, ".."))).toContain(
        "does not look like any known archive, but `ucm` in it looks like ucm"
      )
    })
  )

  effect("to the table is refused by row", () =>
    Effect.gen(function* () {
      const { folder, message, table } = yield* fresh
      const [header, ...rows] = readFileSync(table, "utf8").trim().split("\n")
      const trial = (text: string) =>
        Effect.andThen(
          Effect.sync(() => writeFileSync(table, text)),
          message
        )
      const name = rows[1].split(",")[0]
      expect(yield* trial([header, rows[0], rows[1].slice(0, -2)].join("\n"))).toContain(
        "row 2 has 16 labels, but the header names 17"
      )
      expect(yield* trial([header, rows[0].replace(/0$/, "2")].join("\n"))).toContain('row 1 has "2" for water')
      expect(yield* trial([header, rows[1], rows[1]].join("\n"))).toContain(`names ${name} twice`)
      expect(yield* trial([header.replace(",water", "")].join("\n"))).toContain("has no column for water")
      rmSync(table)
      for (const end of ["txt", "mat"]) rmSync(join(folder, `LandUse_Multilabeled.${end}`))
      expect(yield* message).toContain("holds no table of labels (multi-labels.csv, ")
      rmSync(join(folder, "Images"), { recursive: true })
    })
  )

  effect("to a picture is refused by file", () =>
    Effect.gen(function* () {
      const { collect, folder, images, whole } = yield* fresh
      truncateSync(join(folder, images[1]), 700)
      writeFileSync(join(folder, images[3]), "no picture")
      const { message } = yield* Effect.flip(collect(whole.pipe(decode())))
      expect(message).toContain("decode: 2 bad patches: ")
      expect(message).toContain(`${images[1]}: is cut short`)
      expect(message).toContain(images[3])
    })
  )

  effect("of two pictures of one name is refused", () =>
    Effect.gen(function* () {
      const { folder, images, message } = yield* fresh
      writeFileSync(join(folder, "Images", images[0].replace(/.*\//, "").toUpperCase()), "x")
      expect(yield* message).toContain("holds two images of one name: ")
    })
  )

  effect("reads columns by name, in whatever order", () =>
    Effect.gen(function* () {
      const { collect, said, table, whole } = yield* fresh
      const before = yield* collect(whole)
      const rows = readFileSync(table, "utf8")
        .trim()
        .split("\n")
        .map((row) => row.split(","))
      const turned = rows.map(([name, ...cells]) => [name, ...cells.reverse()].join(",")).join("\r\n")
      writeFileSync(table, `\ufeff${turned}\r\n`)
      expect(yield* collect(whole)).toEqual(before)
      expect(said.join()).toContain("are in another order than usual")
    })
  )
})
