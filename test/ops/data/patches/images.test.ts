/** Images that belong to no archive are what an archive's reader would make of them. */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect } from "vitest"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { images } from "../../../../src/ops/data/patches/images.ts"
import { read } from "../../../../src/ops/data/patches/read.ts"
import { effect } from "../../../effect.ts"
import { npyBytes } from "../../retrieve/embeddings/npy.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const { collect } = runIn(root)
const prepared = Effect.cached(collect(miniature({ patches: 3 }))).pipe(Effect.runSync)
const archive = join(root, "miniature")
const at = (name: string) => join(root, name)

describe("images", () => {
  effect("are a patch's folder, or a folder of many, with the pixels that `read` gives", () =>
    Effect.gen(function* () {
      yield* prepared
      const names = readdirSync(archive)
        .filter((name) => !name.endsWith(".json"))
        .sort()
      writeFileSync(at("test.csv"), `${names.join("\n")}\n`)
      const expected = yield* collect(read({ split: "test", store: "none", from: "miniature", kind: "bigearthnet" }))
      const all = yield* collect(images({ from: archive }))
      expect(all.map(({ name }) => name)).toEqual(names)
      expect(all.map(({ image }) => image)).toEqual(expected.map(({ image }) => image))
      expect(all.map(({ bands }) => bands)).toEqual(expected.map(({ bands }) => bands))
      const [one] = yield* collect(images({ from: join(archive, names[1]), bands: ["B04", "B11"] }))
      expect([one.name, one.index, one.bands, one.classes, one.labels.length]).toEqual([
        names[1],
        0,
        ["B04", "B11"],
        [],
        0
      ])
      const [red] = yield* collect(images({ from: join(archive, names[0], `${names[0]}_B04.tif`), bands: "all" }))
      expect([red.name, red.bands, red.height]).toEqual([names[0], ["B04"], 120])
    })
  )

  effect("are pictures of three colours, as shares of white or not", () =>
    Effect.gen(function* () {
      const picture = sharp(Uint8Array.of(0, 51, 255, 102, 1, 2), { raw: { width: 2, height: 1, channels: 3 } })
      yield* Effect.promise(() => picture.png().toFile(at("p.png")))
      const [unit] = yield* collect(images({ from: at("p.png"), bands: "rgb" }))
      expect([unit.height, unit.width, unit.bands]).toEqual([1, 2, ["Red", "Green", "Blue"]])
      expect([...unit.image]).toEqual([0, 51, 255, 102, 1, 2].map((v) => Math.fround(v / 255)))
      const [plain] = yield* collect(images({ from: at("p.png"), bands: "rgb", unit: false }))
      expect([...plain.image]).toEqual([0, 51, 255, 102, 1, 2])
    })
  )

  effect("of one name in two folders are told apart by their paths", () =>
    Effect.gen(function* () {
      const folder = join(root, "twice")
      for (const inside of ["", "north", "south/far"]) {
        mkdirSync(join(folder, inside), { recursive: true })
        copyFileSync(at("p.png"), join(folder, inside, "p.png"))
      }
      copyFileSync(at("p.png"), join(folder, "north", "alone.png"))
      const found = yield* collect(images({ from: folder, bands: "rgb" }))
      expect(found.map(({ name }) => name)).toEqual(["p", "alone", "north/p", "south/far/p"])
    })
  )

  effect("have the names that are given to bands without", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() =>
        sharp(Uint8Array.of(7, 8, 9), { raw: { width: 1, height: 1, channels: 3 } })
          .png()
          .toFile(at("q.png"))
      )
      const [patch] = yield* collect(
        images({ from: at("q.png"), names: ["B04", "B03", "B02"], bands: ["B02", "B04"], unit: false })
      )
      expect([...patch.image]).toEqual([9, 7])
      const wrong = yield* Effect.flip(collect(images({ from: at("q.png"), names: ["B04"], bands: ["B04"] })))
      expect(wrong.message).toBe("q: holds 3 bands, but 1 name is given. Name every band of the file, in its order.")
    })
  )

  effect("are refused where there is nothing, no image, or no band of one", () =>
    Effect.gen(function* () {
      const message = (from: string) =>
        Effect.map(Effect.flip(collect(images({ from, bands: "all" }))), (e) => e.message)
      const remedy = "Give an image, or a folder of images or of a patch's bands."
      expect(yield* message(at("gone"))).toBe(`${at("gone")}: there is no such file or folder. ${remedy}`)
      expect(yield* message(join(root, "empty-of-images"))).toContain("there is no such file or folder")
      writeFileSync(at("bad.png"), "no picture")
      expect(yield* message(at("bad.png"))).toContain("bad.png: cannot be read as an image")
      writeFileSync(at("cube.npy"), npyBytes(Float32Array.of(1, 2), 1, 2, { shape: "(1, 1, 2)" }))
      expect(yield* message(at("cube.npy"))).toContain("which is not a band of an image")
    })
  )
})
