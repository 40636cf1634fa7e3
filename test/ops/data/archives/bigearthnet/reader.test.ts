import { copyFileSync, cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { open } from "../../../../../src/ops/data/archives/bigearthnet/miniature.ts"
import { decode, listPatches, readEntry } from "../../../../../src/ops/data/archives/bigearthnet/reader.ts"
import { DataError } from "../../../../../src/ops/formats/data-error.ts"
import { encodeGeoTiff } from "../../../../../src/ops/formats/tiff/write.ts"
import { temporaryFolder } from "../../folder.ts"

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
    await expect(decode(ref, Number.POSITIVE_INFINITY)).rejects.toBeInstanceOf(DataError)
    await expect(decode(ref, Number.POSITIVE_INFINITY)).rejects.toThrow(problem)
  })
})
