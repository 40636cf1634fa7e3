import { copyFileSync, cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { open } from "../../../../../src/ops/data/archives/bigearthnet/miniature.ts"
import { decode, listPatches, readEntry } from "../../../../../src/ops/data/archives/bigearthnet/reader.ts"
import { openArchive } from "../../../../../src/ops/data/archives/open-archive.ts"
import { DataError } from "../../../../../src/ops/formats/data-error.ts"
import { encodeGeoTiff } from "../../../../../src/ops/formats/tiff/write.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const root = temporaryFolder()
const good = await open("bigearthnet", join(root, "good"), { seed: 1, patches: 1, size: undefined }).make(0)

let copies = 0
/** The good patch in an archive of its own, after `damage`. */
const damaged = (damage: (file: (end: string) => string) => void) => {
  const archive = join(root, `damaged${copies++}`)
  cpSync(good.folder, join(archive, good.name), { recursive: true })
  damage((end) => join(archive, good.name, `${good.name}_${end}`))
  return { ...good, folder: join(archive, good.name), archive }
}

describe("listPatches", () => {
  it("gives folders only, in the order of their names", async () => {
    const archive = join(root, "list")
    for (const name of ["b_2", "b_10", "a_9", ".hidden", "B_1"]) mkdirSync(join(archive, name), { recursive: true })
    writeFileSync(join(archive, "readme.txt"), "")
    expect(await listPatches(archive)).toEqual(["B_1", "a_9", "b_10", "b_2"])
  })

  it("names a folder that is missing or empty", async () => {
    await expect(listPatches(join(root, "nowhere"))).rejects.toThrow(/nowhere: cannot be listed/)
    mkdirSync(join(root, "empty"))
    await expect(listPatches(join(root, "empty"))).rejects.toThrow("holds no patch folders")
  })
})

describe("readEntry", () => {
  it.each([
    ["no labels", (file: string) => rmSync(file), "is missing: the patch has no labels"],
    ["no JSON", (file: string) => truncateSync(file, 20), "is not JSON"],
    ["no list", (file: string) => writeFileSync(file, '{"labels":"Pastures"}'), "has no list of class names"],
    ["nothing", (file: string) => writeFileSync(file, "null"), "has no list of class names"]
  ])("refuses %s", async (_, damage, problem) => {
    const { archive, name } = damaged((file) => damage(file("labels_metadata.json")))
    await expect(readEntry(archive, name)).rejects.toBeInstanceOf(DataError)
    await expect(readEntry(archive, name)).rejects.toThrow(`${name}_labels_metadata.json: ${problem}`)
  })
})

describe("decode", () => {
  it.each([
    ["a missing band", (file: (end: string) => string) => rmSync(file("B11.tif")), "B11.tif: is missing: band B11"],
    [
      "a band of another size",
      (file: (end: string) => string) => copyFileSync(file("B02.tif"), file("B05.tif")),
      "B05.tif: has band B05 as uint16 120 x 120, expected uint16 60 x 60"
    ],
    [
      "a band of another dtype",
      (file: (end: string) => string) => {
        const bytes = encodeGeoTiff(new Uint16Array(400), 20, 20, { ulx: 0, uly: 0, metres: 60, epsg: 32629 })
        // SampleFormat is the eleventh field: signed.
        new DataView(bytes.buffer).setUint16(8 + 2 + 12 * 10 + 8, 2, true)
        writeFileSync(file("B01.tif"), bytes)
      },
      "B01.tif: has band B01 as int16 20 x 20, expected uint16 20 x 20"
    ],
    [
      "a band cut short",
      (file: (end: string) => string) => truncateSync(file("B03.tif"), 28_850),
      "B03.tif: is cut short"
    ]
  ])("refuses %s", async (_, damage, problem) => {
    const ref = damaged(damage)
    await expect(decode(ref, { maxValues: 14_400, note: () => undefined })).rejects.toBeInstanceOf(DataError)
    await expect(decode(ref, { maxValues: 14_400, note: () => undefined })).rejects.toThrow(problem)
  })
})

describe("an archive with Sentinel-1", () => {
  const { collect } = runIn(root)
  const cases = join(root, "pairs")
  const pair = (i: number, metadata: string | undefined) => {
    const [s2, s1] = [join(cases, "S2", `S2A_${i}`), join(cases, "S1", `S1A_${i}`)]
    for (const folder of [s2, s1]) mkdirSync(folder, { recursive: true })
    writeFileSync(join(s2, `S2A_${i}_labels_metadata.json`), '{"labels":["Pastures"]}')
    if (metadata !== undefined) writeFileSync(join(s1, `S1A_${i}_labels_metadata.json`), metadata)
  }
  for (let i = 0; i < 4; i++) pair(i, i === 2 ? undefined : `{"corresponding_s2_patch":"S2A_${i}"}`)
  const listed = (on_bad_patch: "fail" | "skip") =>
    collect(archive({ path: join(cases, "S2"), s1: join(cases, "S1"), on_bad_patch }))

  effect("skips the one patch whose Sentinel-1 patch has no metadata", () =>
    Effect.gen(function* () {
      expect((yield* listed("skip")).map(({ name }) => name)).toEqual(["S2A_0", "S2A_1", "S2A_3"])
      const { message } = yield* Effect.flip(listed("fail"))
      expect(message).toContain(`1 bad patch: ${join(cases, "S2", "S2A_2")}: has no patch of Sentinel-1 in`)
      expect(message).toContain("S1A_2_labels_metadata.json is missing")
    })
  )

  it("is refused if no Sentinel-1 patch names its partner", async () => {
    const none = join(root, "none")
    mkdirSync(join(none, "S1A_0"), { recursive: true })
    writeFileSync(join(none, "S1A_0", "S1A_0_labels_metadata.json"), '{"labels":[]}')
    await expect(openArchive(join(cases, "S2"), { s1: none })).rejects.toThrow("does not name its patch of Sentinel-2")
  })
})

describe("metadata", () => {
  it.each([
    ["UTF-8 with a byte order mark", (text: string) => Buffer.from(`\ufeff${text}`)],
    ["UTF-16", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")]
  ])("may be JSON in %s", async (encoding, bytes) => {
    const folder = join(root, encoding)
    mkdirSync(join(folder, "p"), { recursive: true })
    writeFileSync(join(folder, "p", "p_labels_metadata.json"), bytes('{"labels":["Pastures"]}'))
    expect((await readEntry(folder, "p")).labels).toEqual(["Pastures"])
  })
})

describe("split lists", () => {
  const archived = (folder: string) => {
    for (const name of ["S2A_0", "S2A_1", "S2A_2"]) {
      mkdirSync(join(folder, name), { recursive: true })
      writeFileSync(join(folder, name, `${name}_labels_metadata.json`), '{"labels":["Pastures"]}')
    }
  }
  const lists = (folder: string) => {
    mkdirSync(join(folder, "Splits"), { recursive: true })
    writeFileSync(join(folder, "Splits", "train.csv"), "S2A_2\r\nS2A_0\r\n")
    writeFileSync(join(folder, "Splits", "test.csv"), "S2A_1\n")
  }
  const splitsIn = async (folder: string) => {
    const { names, reference } = await openArchive(folder, {})
    return Promise.all(names.map(async (name) => [name, (await reference(name)).split]))
  }

  it.each([
    ["in the archive's folder", (root: string) => root],
    ["beside it", (root: string) => join(root, "BigEarthNet-v1.0")]
  ])("are found %s, as the original has them", async (_, folderOf) => {
    const root = temporaryFolder()
    archived(folderOf(root))
    expect((await splitsIn(folderOf(root))).map(([, split]) => split)).toEqual([undefined, undefined, undefined])
    lists(root)
    expect(await splitsIn(folderOf(root))).toEqual([
      ["S2A_0", "train"],
      ["S2A_1", "test"],
      ["S2A_2", "train"]
    ])
  })
})
