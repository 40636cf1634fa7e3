import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { parquetWriteBuffer } from "hyparquet-writer"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { CLASSES_19, encode19 } from "../../../../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { classOfCorine } from "../../../../../src/ops/data/archives/bigearthnet-v2/corine-codes.ts"
import { readParquet } from "../../../../../src/ops/data/archives/bigearthnet-v2/parquet.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { openArchive } from "../../../../../src/ops/data/archives/open-archive.ts"
import { miniature } from "../../../../../src/ops/data/miniature/miniature.ts"
import { read } from "../../../../../src/ops/data/patches/read.ts"
import { split } from "../../../../../src/ops/data/splits/split.ts"
import { store } from "../../../../../src/ops/data/stores/store.ts"
import { DataError } from "../../../../../src/ops/formats/data-error.ts"
import { effect } from "../../../../effect.ts"
import { damaged, damages, isIntact } from "../../../formats/mutate.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const COUNT = 16
const root = temporaryFolder()
const { collect, said } = runIn(root)
const made = Effect.cached(collect(miniature({ kind: "bigearthnet-v2", patches: COUNT, to: "v2" }))).pipe(
  Effect.runSync
)
const whole = archive({ path: "v2", s1: "BigEarthNet-S1", maps: "Reference_Maps" })

describe("a miniature of BigEarthNet v2", () => {
  effect("is what its reader lists, in the order of the file", () =>
    Effect.gen(function* () {
      const refs = yield* made
      const plain = yield* collect(archive({ path: "v2" }))
      expect(plain).toEqual(refs)
      expect(said.join()).toContain("looks like bigearthnet-v2")
      expect(refs.map(({ name }) => name)).toEqual(refs.map(({ name }) => name).sort())
      for (const { labels, name } of refs) {
        expect(labels).toEqual([...labels].sort())
        expect(name).toMatch(/_T\d\d[A-Z]{3}_\d\d_\d\d$/)
      }
    })
  )

  effect("gives Sentinel-2, Sentinel-1 and the map of each patch", () =>
    Effect.gen(function* () {
      yield* made
      for (const { bands, labels } of yield* collect(whole.pipe(decode()))) {
        expect(bands.map(({ name }) => name).join(" ")).toBe(
          "B02 B03 B04 B08 B05 B06 B07 B8A B11 B12 B01 B09 VV VH reference_map"
        )
        const [vv, , map] = bands.slice(12)
        expect([vv.dtype, vv.height, map.dtype, map.height]).toEqual(["float32", 120, "uint16", 120])
        // Decibels are fractions: nothing rounds them.
        expect([...vv.data].some((value) => value % 1 !== 0 && value < 0)).toBe(true)
        const classes = new Set([...map.data].map((code) => CLASSES_19[classOfCorine(code) ?? -1]))
        expect([...classes].sort()).toEqual(labels)
      }
    })
  )

  effect("is divided as its file says, stored and read, with radar as channels", () =>
    Effect.gen(function* () {
      const refs = yield* made
      yield* collect(whole.pipe(split({ by: "archive" }), decode(), store()))
      const patches = yield* collect(read({ split: "val", bands: ["VH", "B05"] }))
      expect(patches.map(({ name }) => name)).toEqual(refs.filter((ref) => ref.split === "val").map(({ name }) => name))
      for (const { classes, labels, name } of patches) {
        expect(classes).toEqual(CLASSES_19)
        expect(labels).toEqual(encode19(refs.find((ref) => ref.name === name)?.labels ?? []))
      }
      const straight = {
        split: "val",
        bands: ["VH", "B05"],
        store: "none",
        from: "v2",
        archive: { s1: "BigEarthNet-S1" }
      } as const
      expect(yield* collect(read(straight))).toEqual(patches)
    })
  )

  effect("names a band that is missing, and metadata that are damaged", () =>
    Effect.gen(function* () {
      const folder = temporaryFolder()
      const { collect: inOther } = runIn(folder)
      const [ref] = yield* inOther(miniature({ kind: "bigearthnet-v2", patches: 2, to: "v2" }))
      rmSync(join(ref.folder, `${ref.name}_B8A.tif`))
      const fault = (pipeline: typeof whole) =>
        Effect.map(Effect.flip(inOther(pipeline.pipe(decode()))), ({ message }) => message)
      expect(yield* fault(whole)).toContain(`${ref.name}_B8A.tif: is missing: band B8A`)
      const file = join(folder, "v2", "metadata.parquet")
      truncateSync(file, 900)
      expect(yield* fault(whole)).toContain("metadata.parquet: cannot be read as parquet")
      rmSync(file)
      expect(yield* fault(archive({ path: "v2" }))).toContain("metadata.parquet: is missing")
    })
  )
})

describe("metadata", () => {
  it("that name a patch twice are refused by its name", async () => {
    const folder = temporaryFolder()
    const column = (name: string, data: Array<unknown>) => ({ name, data })
    const names = ["a", "b", "a"]
    const texts = ["split", "country", "s1_name", "s2v1_name"].map((name) => column(name, names))
    const columnData = [column("patch_id", names), column("labels", [["Pastures"], [], []]), ...texts]
    writeFileSync(join(folder, "metadata.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })))
    await expect(openArchive(folder, {})).rejects.toThrow("metadata.parquet: names a twice. Get the file anew.")
  })
})

describe("columns that are not needed", () => {
  it("may be missing, as `country` is in torchgeo's table", async () => {
    const folder = temporaryFolder()
    const columnData = [
      { name: "patch_id", data: ["S2A_a_0_0", "S2A_b_0_0"] },
      { name: "labels", data: [["Pastures"], ["Arable land"]] },
      { name: "split", data: ["train", "test"] }
    ]
    writeFileSync(join(folder, "metadata.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })))
    const { names, reference } = await openArchive(folder, {})
    expect(names).toEqual(["S2A_a_0_0", "S2A_b_0_0"])
    expect(await reference("S2A_b_0_0")).toMatchObject({ labels: ["Arable land"], split: "test", facts: {} })
    await expect(openArchive(folder, { s1: "S1" })).rejects.toThrow("has no column s1_name")
  })
})

describe("readParquet", () => {
  const file = join(root, "table.parquet")
  const write = (columns: Record<string, Array<unknown>>) =>
    writeFileSync(
      file,
      new Uint8Array(
        parquetWriteBuffer({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) })
      )
    )

  it("takes columns by name, wherever they stand", async () => {
    write({ __index_level_0__: [7, 8], country: ["Finland", "Serbia"], patch_id: ["a", "b"] })
    expect(await readParquet(file, { patch_id: "text", country: "text" })).toEqual({
      patch_id: ["a", "b"],
      country: ["Finland", "Serbia"]
    })
  })

  it("refuses what lacks a column, or holds something else", async () => {
    write({ patch_ids: ["a"], split: [3] })
    await expect(readParquet(file, { patch_id: "text" })).rejects.toThrow(
      "has no column patch_id; did you mean `patch_ids`?"
    )
    await expect(readParquet(file, { split: "text" })).rejects.toThrow("holds 3 in the column split, row 1.")
    write({ patch_id: [3n] })
    await expect(readParquet(file, { patch_id: "text" })).rejects.toThrow("holds 3 in the column patch_id, row 1.")
    write({ patch_id: ["a", "b"], labels: [["Pastures"], null] })
    await expect(readParquet(file, { patch_id: "text", labels: "texts" })).rejects.toThrow(
      "holds null in the column labels, row 2 (patch_id b)."
    )
  })

  it("leaves out an optional column that is missing, and takes null in one that is there", async () => {
    write({ patch_id: ["a", "b"], country: ["Finland", null] })
    const columns = await readParquet(file, { patch_id: "text" }, { country: "text", split: "text" })
    expect(columns).toEqual({ patch_id: ["a", "b"], country: ["Finland", undefined] })
  })

  it("refuses texts too long for names: one text of the file may be millions of bytes for all rows", async () => {
    const text = "A".repeat(5_000_000)
    write({ patch_id: Array.from({ length: 300 }, () => text) })
    expect(statSync(file).size).toBeLessThan(6_000_000)
    await expect(readParquet(file, { patch_id: "text" })).rejects.toThrow(
      /table.parquet: holds a text of more than 4,096 characters in the column patch_id, row 1 \(patch_id A{80}\)\. Get/
    )
  })

  it("ends a reading that does not come back", async () => {
    write({ split: ["a"] })
    await expect(readParquet(file, { split: "text" }, {}, 0.001)).rejects.toThrow(
      `${file}: cannot be read as parquet (its reader did not answer in 0 seconds). Get the file anew`
    )
    expect(await readParquet(file, { split: "text" })).toEqual({ split: ["a"] })
  })

  it("meets damage with a DataError that names the file, or with as many rows as there are", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `S2A_${i}`)
    write({ patch_id: names, labels: names.map((_, i) => (i % 3 === 0 ? ["Pastures"] : ["Pastures", "Arable land"])) })
    const whole = readFileSync(file)
    const wanted = { patch_id: "text", labels: "texts" } as const
    const places = fc.oneof(
      fc.nat(whole.length - 1),
      fc.nat(400).map((back) => whole.length - 1 - back)
    )
    const drawn = fc.sample(damages(places, whole.length), { numRuns: 60, seed: 24 })
    const outcomes = { refused: 0, read: 0 }
    for (const [i, damage] of drawn.entries()) {
      const copy = join(root, `damaged${i}.parquet`)
      writeFileSync(copy, damaged(whole, damage))
      try {
        // A limit that a busy machine does not reach.
        const { labels, patch_id } = await readParquet(copy, wanted, {}, 60)
        expect([labels.length, patch_id.length]).toEqual([40, 40])
        if (isIntact(damage)) expect(patch_id).toEqual(names)
        outcomes.read++
      } catch (fault) {
        expect(fault).toBeInstanceOf(DataError)
        expect((fault as DataError).message.startsWith(`${copy}: `)).toBe(true)
        expect(isIntact(damage)).toBe(false)
        outcomes.refused++
      }
    }
    expect([outcomes.read > 5, outcomes.refused > 20]).toEqual([true, true])
  })
})
