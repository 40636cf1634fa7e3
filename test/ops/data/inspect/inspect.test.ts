import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../src/ops/data/archives/decode.ts"
import { type BandFacts, inspect } from "../../../../src/ops/data/inspect/inspect.ts"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { S2_BANDS } from "../../../../src/ops/data/patches/bands.ts"
import { openReader } from "../../../../src/ops/data/stores/open-store.ts"
import { store } from "../../../../src/ops/data/stores/store.ts"
import { encodeSafetensors } from "../../../../src/ops/formats/safetensors/write.ts"
import { effect } from "../../../effect.ts"
import { runChild } from "../../../experiments/child.ts"
import { writeTiff } from "../../formats/tiff/writer.ts"
import { npyBytes } from "../../retrieve/embeddings/npy.ts"
import { temporaryFolder } from "../folder.ts"
import { writeVersion1 } from "../stores/version1-writer.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const { collect, recorded, said } = runIn(root)
const prepared = Effect.cached(collect(miniature({ patches: 3 }).pipe(decode(), store()))).pipe(Effect.runSync)

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
const file = (name: string, bytes: Uint8Array | string) => {
  writeFileSync(join(root, name), bytes)
  return name
}
/** What is said of each band, by patch and band. */
const byBand = (facts: ReadonlyArray<BandFacts>) =>
  new Map(facts.map(({ band, patch, ...rest }) => [`${patch} ${band}`, rest]))

describe("inspect", () => {
  effect("says the same of an archive, its store, and the store's copy in version 1", () =>
    Effect.gen(function* () {
      yield* prepared
      const archive = yield* collect(inspect({ from: "miniature" }))
      expect(archive).toHaveLength(3 * S2_BANDS.length)
      const ours = yield* openReader(join(root, "patches.lmdb"))
      writeVersion1(
        join(root, "copy"),
        [...ours.names()].map((name) => [name, ours.read(name)])
      )
      for (const from of ["patches.lmdb", "copy"]) {
        expect(byBand(yield* collect(inspect({ from })))).toEqual(byBand(archive))
      }
    })
  )

  effect("names the bands of EuroSAT's tifs as its archive does", () =>
    Effect.gen(function* () {
      yield* collect(miniature({ kind: "eurosat-ms", patches: 10, to: "eurosat" }))
      const found = yield* collect(inspect({ from: "eurosat", limit: 1 }))
      expect(found.map(({ band }) => band).slice(-4)).toEqual(["B10", "B11", "B12", "B8A"])
    })
  )

  effect("names the bands of one's own tifs as their archive and its store do", () =>
    Effect.gen(function* () {
      const own = temporaryFolder()
      const { collect } = runIn(own)
      mkdirSync(join(own, "mine"))
      const plain = { little: true, big: false, compression: "none", predictor: 1, planar: false, rows: 2 } as const
      const bands = [1, 2, 3, 4].map((n) => Uint16Array.of(n, n + 1, n + 2, n + 3))
      writeFileSync(join(own, "mine", "a.tif"), writeTiff(bands, 2, 2, { ...plain, tiled: false }))
      writeFileSync(join(own, "mine", "b_B02.tif"), writeTiff(bands.slice(3), 2, 2, { ...plain, tiled: false }))
      const bytes = bands.map((band) => Uint8Array.from(band))
      writeFileSync(join(own, "mine", "c.tif"), writeTiff(bytes, 2, 2, { ...plain, tiled: false, photometric: 2 }))
      writeFileSync(join(own, "mine", "labels.csv"), "image,sea\na,1\nb_B02,1\nc,1\n")
      const named = (found: ReadonlyArray<BandFacts>) => found.map(({ band, patch }) => `${patch} ${band}`).sort()
      yield* collect(archive({ path: "mine" }).pipe(decode(), store()))
      const stored = named(yield* collect(inspect({ from: "patches.lmdb" })))
      expect(stored).toEqual(["a 1", "a 2", "a 3", "a 4", "b_B02 Data", "c 1", "c 2", "c 3", "c 4"])
      expect(named(yield* collect(inspect({ from: "mine" })))).toEqual(stored)
      const alone = [
        ...(yield* collect(inspect({ from: "mine/a.tif" }))),
        ...(yield* collect(inspect({ from: "mine/c.tif" })))
      ]
      expect(named(alone)).toEqual(stored.filter((name) => !name.startsWith("b")))
      const fault = yield* Effect.flip(collect(inspect({ from: "mine", archive: { bands: ["B02", "B03"] } })))
      expect(fault.message).toContain("a.tif: has 4 bands, but 2 names are given (B02, B03)")
    })
  )

  effect("names one's own images as their table does, whatever it is called", () =>
    Effect.gen(function* () {
      const own = temporaryFolder()
      const { collect } = runIn(own)
      mkdirSync(join(own, "mine", "n"), { recursive: true })
      const [image, options] = [
        [1, 2].map((n) => Uint16Array.of(n)),
        { little: true, big: false, predictor: 1 } as const
      ]
      const rest = { compression: "none", planar: false, rows: 1, tiled: false } as const
      writeFileSync(join(own, "mine", "n", "a.tif"), writeTiff(image, 1, 1, { ...options, ...rest }))
      writeFileSync(join(own, "mine", "mine.csv"), "image,sea\nn/a,1\n")
      const archive = { labels: "mine.csv", bands: ["A", "B"] }
      const found = yield* collect(inspect({ from: "mine", archive }))
      expect(found.map(({ band, patch }) => `${patch} ${band}`)).toEqual(["n/a A", "n/a B"])
    })
  )

  effect("keeps what goes with grey, and takes no printer's colours for red, green and blue", () =>
    Effect.gen(function* () {
      const pixels = { width: 2, height: 1 }
      const grey = sharp(Uint8Array.of(10, 200, 20, 100), { raw: { ...pixels, channels: 2 } }).toColourspace("b-w")
      yield* Effect.promise(() => grey.png().toFile(join(root, "grey.png")))
      const found = yield* collect(inspect({ from: "grey.png" }))
      expect(found.map(({ band, max, min }) => [band, min, max])).toEqual([
        ["Data", 10, 20],
        ["Alpha", 100, 200]
      ])
      const printed = sharp(new Uint8Array(6), { raw: { ...pixels, channels: 3 } }).toColourspace("cmyk")
      yield* Effect.promise(() => printed.jpeg().toFile(join(root, "printed.jpg")))
      expect((yield* Effect.flip(collect(inspect({ from: "printed.jpg" })))).message).toContain(
        "printed.jpg: holds amounts of ink (CMYK), which are not read. Convert it to red, green and blue"
      )
    })
  )

  effect("says what a band holds", () =>
    Effect.gen(function* () {
      const values = Float32Array.of(-1.5, 0, 4, Number.NaN, 2.5, Number.POSITIVE_INFINITY)
      const blob = encodeSafetensors([
        { name: "VV", dtype: "float32", shape: [2, 3], data: values },
        { name: "empty", dtype: "uint8", shape: [0], data: new Uint8Array(0) }
      ])
      const [vv, empty] = yield* collect(inspect({ from: file("one.safetensors", blob) }))
      expect(vv).toEqual({
        kind: "band facts",
        patch: "one",
        band: "VV",
        dtype: "float32",
        shape: [2, 3],
        sha256: sha256(new Uint8Array(values.buffer)),
        min: -1.5,
        max: 4,
        mean: 1.25,
        not_finite: 2
      })
      expect(empty).toMatchObject({ min: null, max: null, mean: null, shape: [0] })
    })
  )

  effect("reads one file of every kind", () =>
    Effect.gen(function* () {
      const look = (from: string) => collect(inspect({ from }))
      const npy = npyBytes(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3)
      expect(yield* look(file("a.npy", npy))).toMatchObject([
        { patch: "a", band: "Data", dtype: "float64", shape: [2, 3], mean: 3.5 }
      ])
      const rgb = Uint8Array.from({ length: 12 }, (_, i) => i * 20)
      const image = sharp(rgb, { raw: { width: 2, height: 2, channels: 3 } })
      const planes = [0, 1, 2].map((band) => sha256(rgb.filter((_, i) => i % 3 === band)))
      for (const name of ["b.png", "c.tif"] as const) {
        const bytes = yield* Effect.promise(() =>
          (name === "b.png" ? image.png() : image.tiff({ compression: "lzw" })).toBuffer()
        )
        const found = yield* look(file(name, bytes))
        expect(found.map(({ band, sha256: hash }) => [band, hash])).toEqual(
          ["Red", "Green", "Blue"].map((band, i) => [band, planes[i]])
        )
      }
      const jpg = yield* Effect.promise(() => image.jpeg().toBuffer())
      expect(yield* look(file("d.jpg", jpg))).toMatchObject([{ band: "Red", shape: [2, 2] }, {}, {}])
      const grey = Uint16Array.of(0, 256, 4000, 65535)
      const deep = yield* Effect.promise(() =>
        sharp(grey, { raw: { width: 2, height: 2, channels: 1 } })
          .toColourspace("grey16")
          .png()
          .toBuffer()
      )
      expect(yield* look(file("e.png", deep))).toMatchObject([
        { band: "Data", dtype: "uint16", sha256: sha256(new Uint8Array(grey.buffer)) }
      ])
    })
  )

  effect("stops at its limit, keeps images apart that differ in their ending, and leaves masks out", () =>
    Effect.gen(function* () {
      mkdirSync(join(root, "images", "deeper"), { recursive: true })
      for (const name of ["b.npy", "a.npy", "deeper/c.npy"]) file(`images/${name}`, npyBytes(Float64Array.of(1), 1, 1))
      file(
        "images/a.safetensors",
        encodeSafetensors([{ name: "x", dtype: "uint8", shape: [1], data: Uint8Array.of(1) }])
      )
      file("images/readme.txt", "not an image")
      // As DLRSD and WHDLD have them.
      for (const folder of ["Images", "Labels", "ImagesPNG"]) {
        mkdirSync(join(root, "masked", folder), { recursive: true })
        file(`masked/${folder}/a.npy`, npyBytes(Float64Array.of(1), 1, 1))
      }
      const names = (facts: ReadonlyArray<BandFacts>) => facts.map(({ patch }) => patch)
      expect(names(yield* collect(inspect({ from: "images" })))).toEqual(["a", "a", "b", "c"])
      expect(names(yield* collect(inspect({ from: "images", limit: 2 })))).toEqual(["a", "a"])
      expect(names(yield* collect(inspect({ from: "masked" })))).toEqual(["a"])
    })
  )

  effect("names what cannot be read, or leaves it out and counts it", () =>
    Effect.gen(function* () {
      mkdirSync(join(root, "mixed"), { recursive: true })
      file("mixed/good.npy", npyBytes(Float64Array.of(1), 1, 1))
      file("mixed/bad.npy", "nonsense, no array at all")
      const fault = yield* Effect.flip(collect(inspect({ from: "mixed" })))
      expect(fault.message).toContain("inspect: 1 bad patch: ")
      expect(fault.message).toContain("bad.npy: is not a .npy file")
      expect(yield* collect(inspect({ from: "mixed", on_bad_patch: "skip" }))).toHaveLength(1)
      expect(said.join()).toContain("inspect: left out 1 bad patch: ")
      expect(recorded["skipped.inspect"]).toHaveLength(1)
      const message = (from: string) => Effect.map(Effect.flip(collect(inspect({ from }))), (one) => one.message)
      mkdirSync(join(root, "nothing"))
      expect(yield* message("nothing")).toContain("holds nothing to inspect")
      expect(yield* message("absent")).toContain("there is no such file or folder")
      expect(yield* message(file("a.hdf5", "x"))).toContain("is not a file that can be inspected")
    })
  )

  effect("prints a line of JSON a band, every time it is asked", () =>
    Effect.gen(function* () {
      const path = join(root, file("printed.npy", npyBytes(Float64Array.of(1, 3), 1, 2)))
      for (const _ of [1, 2]) {
        const args = ["configs/inspect.yaml", "--out", join(root, "run"), "--set", `from=${path}`]
        const { code, out } = yield* Effect.promise(() => runChild(args))
        expect([
          code,
          out
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line))
        ]).toEqual([
          0,
          [
            {
              patch: "printed",
              band: "Data",
              dtype: "float64",
              shape: [1, 2],
              sha256: sha256(readFileSync(path).subarray(-16)),
              min: 1,
              max: 3,
              mean: 2
            }
          ]
        ])
      }
    })
  )
})
