import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { CLASSES_43, encode19 } from "../../../../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { drawLand } from "../../../../../src/ops/data/archives/bigearthnet/land.ts"
import { open } from "../../../../../src/ops/data/archives/bigearthnet/miniature.ts"
import { decode, listPatches, readEntry } from "../../../../../src/ops/data/archives/bigearthnet/reader.ts"
import { nameOf, siteOf } from "../../../../../src/ops/data/archives/bigearthnet/scenes.ts"
import { open as openV2 } from "../../../../../src/ops/data/archives/bigearthnet-v2/miniature.ts"
import type { PatchEntry } from "../../../../../src/ops/data/archives/data-set.ts"
import { drawMosaic } from "../../../../../src/ops/data/miniature/mosaic.ts"
import { BIGEARTHNET_MOMENTS } from "../../../../../src/ops/data/patches/moments/known-moments.ts"
import { random } from "../../../../../src/pipeline/random.ts"
import { temporaryFolder } from "../../folder.ts"

const root = temporaryFolder()
const openMiniature = (folder: string, options: { readonly seed: number; readonly patches: number }) =>
  open("bigearthnet", folder, { ...options, size: undefined })
const makeAll = async (folder: string, seed: number, patches: number) => {
  const { make, finish } = openMiniature(folder, { seed, patches })
  const made: Array<PatchEntry> = []
  for (let i = 0; i < patches; i++) made.push(await make(i))
  finish()
  return made
}
const files = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()

describe("a miniature", async () => {
  const folder = join(root, "one")
  const made = await makeAll(folder, 3, 20)

  it("is laid out as BigEarthNet v1", () => {
    expect(made.map(({ name }) => name)).toEqual(made.map(({ name }) => name).sort())
    for (const { name } of made) {
      expect(name).toMatch(/^S2[AB]_MSIL2A_\d{8}T\d{6}_(0|[1-9]\d*)_(0|[1-9]\d*)$/)
      const bands = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "11", "12", "8A"]
      expect(readdirSync(join(folder, name)).sort()).toEqual([
        ...bands.map((band) => `${name}_B${band}.tif`),
        `${name}_labels_metadata.json`
      ])
    }
  })

  it("is read by the archive reader", async () => {
    expect(await listPatches(folder)).toEqual(made.map(({ name }) => name))
    const { name, labels } = made[4]
    const ref = await readEntry(folder, name)
    expect(ref).toEqual(made[4])
    const bands = await decode(ref, { maxValues: 14_400, note: () => undefined })
    expect(bands.map((band) => `${band.name} ${band.dtype} ${band.height}`).sort()).toEqual([
      "B01 uint16 20",
      "B02 uint16 120",
      "B03 uint16 120",
      "B04 uint16 120",
      "B05 uint16 60",
      "B06 uint16 60",
      "B07 uint16 60",
      "B08 uint16 120",
      "B09 uint16 20",
      "B11 uint16 60",
      "B12 uint16 60",
      "B8A uint16 60"
    ])
    const size = encode19(labels).reduce((a, b) => a + b, 0)
    expect(size).toBe(labels.length)
    expect(labels.every((label) => CLASSES_43.includes(label))).toBe(true)
  })

  it("has the metadata of the archive", () => {
    const { name } = made[0]
    const meta = JSON.parse(readFileSync(join(folder, name, `${name}_labels_metadata.json`), "utf8"))
    expect(Object.keys(meta).sort()).toEqual(["acquisition_date", "coordinates", "labels", "projection", "tile_source"])
    expect(meta.coordinates.lrx - meta.coordinates.ulx).toBe(1200)
    expect(meta.coordinates.uly - meta.coordinates.lry).toBe(1200)
    expect(meta.projection).toContain('PROJCS["WGS 84 / UTM zone')
    const [, date] = name.match(/_(\d{8})T/) as RegExpMatchArray
    expect(meta.acquisition_date).toMatch(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/)
    expect(meta.acquisition_date.slice(0, 10).replaceAll("-", "")).toBe(date)
  })

  it("is the same for the same seed, and another for another", async () => {
    await makeAll(join(root, "same"), 3, 20)
    await makeAll(join(root, "other"), 4, 20)
    const all = files(folder)
    expect(files(join(root, "same"))).toEqual(all)
    const bytes = (which: string, name: string) => readFileSync(join(root, which, name)).toString("base64")
    for (const name of all) expect(bytes("same", name) === bytes("one", name)).toBe(true)
    const tif = all.filter((name) => name.endsWith("B02.tif"))
    expect(tif.some((name) => bytes("other", name) === bytes("one", name))).toBe(false)
  })

  it("grows without changing the patches it has", async () => {
    const more = join(root, "more")
    await makeAll(more, 3, 40)
    const { name } = made[7]
    const file = join(name, `${name}_B08.tif`)
    expect(readFileSync(join(more, file)).equals(readFileSync(join(folder, file)))).toBe(true)
  })

  it("is reused when it is whole, completed when it is not", () => {
    const half = join(root, "half")
    const first = openMiniature(half, { seed: 3, patches: 20 })
    for (let i = 0; i < 5; i++) first.make(i)
    const { name } = made[2]
    // As a kill leaves a patch: some bands cut short, no labels yet.
    rmSync(join(half, name, `${name}_labels_metadata.json`))
    writeFileSync(join(half, name, `${name}_B02.tif`), "II")
    const touched = statSync(join(half, made[1].name, `${made[1].name}_B02.tif`)).mtimeMs
    const again = openMiniature(half, { seed: 3, patches: 20 })
    expect(again.complete).toBe(false)
    for (let i = 0; i < 20; i++) again.make(i)
    again.finish()
    expect(statSync(join(half, made[1].name, `${made[1].name}_B02.tif`)).mtimeMs).toBe(touched)
    for (const file of files(folder)) {
      expect(readFileSync(join(half, file)).equals(readFileSync(join(folder, file)))).toBe(true)
    }
    expect(openMiniature(half, { seed: 3, patches: 20 }).complete).toBe(true)
  })

  it("does not touch a folder of something else", () => {
    expect(() => openMiniature(folder, { seed: 4, patches: 20 })).toThrow("made with other parameters")
    expect(() => openMiniature(root, { seed: 4, patches: 20 })).toThrow("holds files that do not belong to a miniature")
    for (const one of [open, openV2]) {
      expect(() => one("x", join(root, "huge"), { seed: 4, patches: 1_000_000, size: undefined })).toThrow(
        /huge: cannot hold 1000000 patches: a miniature has tiles for \d+\. Set `patches` lower\.$/
      )
    }
  })

  it("has values near those of Sentinel-2, and classes that fill every crop", async () => {
    const sums: Record<string, number> = {}
    for (const ref of made) {
      for (const { name, data } of await decode(ref, { maxValues: 14_400, note: () => undefined })) {
        sums[name] = (sums[name] ?? 0) + (data as Uint16Array).reduce((a, b) => a + b, 0) / data.length / made.length
      }
    }
    for (const [name, { mean, std }] of Object.entries(BIGEARTHNET_MOMENTS)) {
      expect(Math.abs(sums[name] - mean)).toBeLessThan(std)
    }
    for (let i = 0; i < 20; i++) {
      const mosaic = drawMosaic(random(1, 0, i, "test"), 120, 4)
      for (const corner of [0, 56]) {
        const seen = new Set<number>()
        for (let y = corner; y < corner + 64; y++) {
          for (let x = corner; x < corner + 64; x++) seen.add(mosaic[y * 120 + x])
        }
        expect(seen.size).toBe(4)
      }
    }
  })

  it("has distinct label sets that use every class", () => {
    for (let seed = 0; seed < 50; seed++) {
      const { sets } = drawLand(seed)
      expect(new Set(sets.map(({ classes }) => classes.join())).size).toBe(30)
      expect(new Set(sets.flatMap(({ classes }) => classes)).size).toBe(19)
      expect(Math.max(...sets.map(({ classes }) => classes.length))).toBeLessThanOrEqual(4)
    }
  })

  it("has a name for each patch", () => {
    const sites = 60_000
    expect(new Set(Array.from({ length: sites }, (_, i) => nameOf(siteOf(i)))).size).toBe(sites)
  })
})
