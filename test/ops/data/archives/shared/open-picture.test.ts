/** Pictures that are unusual, large, or printed. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { openPicture, withoutExtraneous } from "../../../../../src/ops/data/archives/shared/open-picture.ts"
import { audit } from "../../../../../src/ops/data/audit/audit.ts"
import { inspect } from "../../../../../src/ops/data/inspect/inspect.ts"
import { images } from "../../../../../src/ops/data/patches/images.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * 37) & 255)
const sound = await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
  .jpeg()
  .toBuffer()

/** Where segments begin, up to the first scan. */
const markers = (() => {
  const found: Array<number> = []
  for (let at = 2; ; at += 2 + sound.readUInt16BE(at + 2)) {
    found.push(at)
    if (sound[at + 1] === 0xda) return found
  }
})()

const withBytes = (at: number, extra: ReadonlyArray<number>) =>
  Buffer.concat([sound.subarray(0, at), Uint8Array.from(extra), sound.subarray(at)])

describe("bytes between the segments of a JPEG file", () => {
  it("are removed, whatever they are and wherever they lie", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...markers),
        fc.array(fc.integer({ min: 0, max: 254 }), { minLength: 1, maxLength: 5 }),
        (at, extra) => {
          const { bytes, removed } = withoutExtraneous(withBytes(at, extra))
          expect(Buffer.compare(bytes, sound)).toBe(0)
          expect(removed).toBe(extra.length)
        }
      )
    )
  })

  it("are none in a sound file, in one with filled markers, or in what is no JPEG", () => {
    for (const bytes of [sound, withBytes(markers[1], [0xff, 0xff]), Buffer.from("text"), sound.subarray(0, 30)]) {
      expect(withoutExtraneous(bytes)).toEqual({ bytes, removed: 0 })
    }
  })

  it("do not hide other damage", async () => {
    const cut = withBytes(markers[1], [1, 2]).subarray(0, -40)
    const { image } = await openPicture(cut, "x.jpg", { maxValues: 1000, note: () => undefined })
    await expect(image.raw().toBuffer()).rejects.toThrow("premature end of JPEG image")
  })

  effect("are skipped by archives, with a note", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      const { collect, said } = runIn(root)
      writeFileSync(join(root, "labels.csv"), "image,sea\na,1\nb,1\n")
      writeFileSync(join(root, "a.jpg"), sound)
      writeFileSync(join(root, "b.jpg"), withBytes(markers[2], [0, 7]))
      const [a, b] = yield* collect(archive({ path: "." }).pipe(decode()))
      expect(b.bands).toEqual(a.bands)
      const note = `${join(root, "b.jpg")} has 2 bytes that belong to no part of a JPEG: skipped`
      expect(said.at(-1)).toBe(`decode: ${note}`)
      expect(yield* collect(inspect({ from: "b.jpg" }))).toHaveLength(3)
      expect(said.at(-1)).toBe(`inspect: ${note}`)
      expect(yield* collect(images({ from: join(root, "b.jpg"), bands: "rgb" }))).toHaveLength(1)
      expect(said.at(-1)).toBe(`images: ${note}`)
      const [{ findings }] = yield* collect(audit({ from: "." }))
      expect(findings).toContainEqual(expect.objectContaining({ severity: "note", count: 1, examples: [note] }))
    })
  )
})

describe("a picture of many pixels", () => {
  effect("is a bad patch before it is decoded, unless `max_values` allows it", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      const { collect, recorded } = runIn(root)
      // One colour: 27 kB of a file that would take 750 MB.
      const large = sharp({
        create: { width: 16_000, height: 16_000, channels: 3, background: "red" },
        limitInputPixels: false
      })
      yield* Effect.promise(() => large.png({ compressionLevel: 9 }).toFile(join(root, "large.png")))
      const small = sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
      yield* Effect.promise(() => small.png().toFile(join(root, "small.png")))
      writeFileSync(join(root, "labels.csv"), "image,sea\nlarge,1\nsmall,1\n")
      const read = (max_values?: number) =>
        collect(archive({ path: ".", max_values }).pipe(decode({ on_bad_patch: "skip" })))
      expect((yield* read()).map(({ name }) => name)).toEqual(["small"])
      expect(recorded["skipped.decode"]).toEqual([
        {
          name: "large",
          why:
            `${join(root, "large.png")}: holds 16000 x 16000 x 3 values, more than the 67108864 that one image may have. ` +
            "Cut it into smaller images, or raise `max_values`."
        }
      ])
      expect(yield* read(700)).toHaveLength(0)
      expect(yield* read(768)).toHaveLength(1)
    })
  )
})
