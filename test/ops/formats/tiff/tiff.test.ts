/** TIFF in every packing, byte order and arrangement of pieces, written by the tests' own writer. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Pixels } from "../../../../src/ops/elements.ts"
import { DataError } from "../../../../src/ops/formats/data-error.ts"
import { decodeTiffBands } from "../../../../src/ops/formats/tiff/read.ts"
import { fieldAt, type TiffOptions, writeTiff } from "./writer.ts"

const ARRAYS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array
} as const
type Name = keyof typeof ARRAYS
const NAMES = Object.keys(ARRAYS) as ReadonlyArray<Name>

/** Bands of random bytes, in runs so that packing finds something; any bits, NaN and negative zero among them. */
const bandsOf = (name: Name, samples: number, count: number, noise: ReadonlyArray<number>): ReadonlyArray<Pixels> =>
  Array.from({ length: samples }, (_, band) => {
    const bytes = new Uint8Array(count * ARRAYS[name].BYTES_PER_ELEMENT)
    return new ARRAYS[name](bytes.map((_, i) => noise[(band * 7 + (i >> 2)) % noise.length]).buffer)
  })

const raw = (data: Pixels) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

const options: fc.Arbitrary<TiffOptions> = fc.record({
  little: fc.boolean(),
  big: fc.boolean(),
  compression: fc.constantFrom("none", "lzw", "deflate", "packbits", "zstd"),
  predictor: fc.constantFrom(1, 2, 3),
  planar: fc.boolean(),
  rows: fc.integer({ min: 1, max: 9 }),
  tiled: fc.boolean()
})
const PLAIN: TiffOptions = {
  little: true,
  big: false,
  compression: "none",
  predictor: 1,
  planar: false,
  rows: 4,
  tiled: false
}
const ramp = Uint16Array.from({ length: 24 }, (_, i) => i * 257)

/** Only what packs values knows differences, and only floating-point values have those of bytes. */
const sensible = (name: Name, { compression, predictor, ...rest }: TiffOptions): TiffOptions => {
  const packs = compression !== "none" && compression !== "packbits"
  const none = !packs || (predictor === 3 && !name.startsWith("float"))
  return { compression, predictor: none ? 1 : predictor, ...rest }
}

describe("a TIFF", () => {
  it("gives every bit of every band, however it is written", async () => {
    const size = fc.integer({ min: 1, max: 13 })
    const noise = fc.array(fc.nat(255), { minLength: 1, maxLength: 40 })
    const name = fc.constantFrom(...NAMES)
    await fc.assert(
      fc.asyncProperty(
        name,
        fc.integer({ min: 1, max: 5 }),
        size,
        size,
        noise,
        options,
        async (name, samples, height, width, noise, drawn) => {
          const bands = bandsOf(name, samples, height * width, noise)
          const found = await decodeTiffBands(writeTiff(bands, height, width, sensible(name, drawn)), "x.tif")
          expect(found.map(({ dtype, height, width }) => [dtype, height, width])).toEqual(
            bands.map(() => [name, height, width])
          )
          expect(found.map(({ data }) => raw(data))).toEqual(bands.map(raw))
        }
      ),
      { numRuns: 400 }
    )
  })

  it("packed by LZW may be long enough to fill the table of codes, many times over", async () => {
    let state = 1
    const noisy = Uint8Array.from({ length: 200 * 200 }, () => {
      state = (state * 48_271) % 2_147_483_647
      return state & 255
    })
    const even = new Uint8Array(200 * 200).fill(7)
    for (const data of [noisy, even]) {
      const bytes = writeTiff([data], 200, 200, { ...PLAIN, compression: "lzw", rows: 200 })
      expect((await decodeTiffBands(bytes, "x.tif"))[0].data).toEqual(data)
    }
  })

  it("may have directories behind its image that lead in a circle", async () => {
    const itself = Buffer.from(writeTiff([ramp], 4, 6, PLAIN))
    itself.writeUInt32LE(itself.readUInt32LE(4), itself.length - 4)
    expect((await decodeTiffBands(itself, "x.tif"))[0].data).toEqual(ramp)
    // A directory of no image, which leads to itself.
    const empty = Buffer.concat([writeTiff([ramp], 4, 6, PLAIN), Buffer.alloc(6)])
    empty.writeUInt32LE(empty.length - 6, empty.length - 10)
    empty.writeUInt32LE(empty.length - 6, empty.length - 4)
    expect((await decodeTiffBands(empty, "x.tif"))[0].data).toEqual(ramp)
    const overview = Buffer.from(followed(1))
    const second = overview.readUInt32LE(overview.length - 18 - 4)
    overview.writeUInt32LE(second, overview.length - 4)
    expect((await decodeTiffBands(overview, "x.tif"))[0].data).toEqual(ramp)
  })

  it("may say twice what nobody asks, and have overviews and masks", async () => {
    const twice = writeTiff([ramp], 4, 6, PLAIN, [
      [270, [1]],
      [270, [2]]
    ])
    expect((await decodeTiffBands(twice, "x.tif"))[0].data).toEqual(ramp)
    expect((await decodeTiffBands(followed(1), "x.tif"))[0].data).toEqual(ramp)
    expect((await decodeTiffBands(followed(4), "x.tif"))[0].data).toEqual(ramp)
  })

  it("has what GDAL's tag says where a sparse file has nothing", async () => {
    const bytes = Buffer.from(writeTiff([ramp, ramp], 4, 6, { ...PLAIN, planar: true, compression: "deflate" }))
    emptied(bytes)
    const [first, second] = await decodeTiffBands(bytes, "x.tif")
    expect([first.data, second.data]).toEqual([ramp, new Uint16Array(24)])
  })
})

/** A file behind whose image another directory stands, of this type. */
const followed = (type: number): Uint8Array => {
  const first = Buffer.from(writeTiff([ramp], 4, 6, PLAIN))
  const second = Buffer.alloc(2 + 12 + 4)
  second.writeUInt16LE(1, 0)
  second.writeUInt16LE(254, 2)
  second.writeUInt16LE(4, 4)
  second.writeUInt32LE(1, 6)
  second.writeUInt32LE(type, 10)
  first.writeUInt32LE(first.length, first.length - 4)
  return Buffer.concat([first, second])
}

/** Takes the pixels of the last strip out of a file's lists. */
const emptied = (bytes: Buffer): void => {
  for (const tag of [273, 279]) {
    const at = fieldAt(bytes, tag)
    bytes.writeUInt32LE(0, bytes.readUInt32LE(at + 8) + 4 * (bytes.readUInt32LE(at + 4) - 1))
  }
}

describe("a TIFF is refused", () => {
  const changed = (
    tag: number,
    value: number,
    options: Partial<TiffOptions> = {},
    bands: ReadonlyArray<Pixels> = [ramp]
  ) => {
    const bytes = Buffer.from(
      writeTiff(bands, 4, 6, { ...PLAIN, ...options }, [
        [254, [0]],
        [266, [1]]
      ])
    )
    bytes.writeUInt32LE(value, fieldAt(bytes, tag) + 8)
    return bytes
  }

  it.each([
    [
      "with another image behind the first",
      followed(0),
      "holds 2 images, one after the other. Save their bands as one"
    ],
    ["that begins with a thumbnail", changed(254, 1), "begins with a small copy or a mask of its image. Convert it"],
    [
      "whose bits stand in the other order",
      changed(266, 2),
      "has the bits of its bytes in the other order. Convert it"
    ],
    [
      "packed by LERC",
      changed(259, 34_887),
      "is packed by LERC, which is not read. Convert it, for example with `gdal_translate"
    ],
    [
      "packed by JPEG, of more than 8 bits",
      changed(259, 7),
      "holds 1 bands of 16 bits, packed by JPEG, which are not read. Convert it"
    ],
    [
      "packed by JPEG of the old form",
      changed(259, 6),
      "is packed by JPEG of the old form, which is not read. Convert it"
    ],
    ["packed by LZMA", changed(259, 34_925), "is packed by LZMA, which is not read. Convert it"],
    ["packed by WebP", changed(259, 50_001), "is packed by WebP, which is not read. Convert it"],
    ["packed by what nobody knows", changed(259, 999), "is packed by method 999, which is not read"],
    [
      "with differences of whole numbers' bytes",
      changed(317, 3, { compression: "lzw" }),
      "has uint16 pixels with predictor 3. Convert"
    ],
    ["with complex numbers", changed(339, 6), "has complex pixels of 16 bits, which are not read. Convert it"],
    ["with three bits", changed(258, 3), "has unsigned whole pixels of 3 bits, which are not read. Convert it"],
    [
      "with floating-point values of 24 bits",
      changed(258, 24, {}, [new Float32Array(24)]),
      "has floating-point pixels of 24 bits, which are not read. Convert it"
    ],
    [
      "whose bands are in an order that nobody knows",
      changed(284, 3, {}, [ramp, ramp]),
      "has its bands in an unknown order (3). Get the file again"
    ],
    ["of no width", changed(256, 0), "has no size. Get the file again"],
    ["whose own size stands twice", writeTiff([ramp], 4, 6, PLAIN, [[256, [6]]]), "has the tag 256 twice"],
    [
      "that is no BigTIFF after all",
      Buffer.from([0x49, 0x49, 43, 0, 4, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]),
      "is not a TIFF file"
    ]
  ] as const)("%s", async (_, bytes, message) => {
    await expect(decodeTiffBands(bytes, "x.tif")).rejects.toThrow(`x.tif: ${message}`)
  })

  it.each(["lzw", "deflate", "packbits", "zstd"] as const)(
    "whose %s gives fewer pixels than the image has, or none",
    async (compression) => {
      const few = Buffer.from(writeTiff([ramp], 4, 6, { ...PLAIN, compression }))
      few.writeUInt32LE(8, fieldAt(few, 257) + 8)
      few.writeUInt32LE(8, fieldAt(few, 278) + 8)
      await expect(decodeTiffBands(few, "x.tif")).rejects.toThrow(
        "x.tif: cannot be unpacked: strip 0: there are 48 bytes of 96"
      )
      const broken = Buffer.from(writeTiff([ramp], 4, 6, { ...PLAIN, compression }))
      broken.fill(compression === "packbits" ? 0x81 : 0xff, 8, broken.readUInt32LE(4))
      await expect(decodeTiffBands(broken, "x.tif")).rejects.toThrow("x.tif: cannot be unpacked: strip 0: ")
    }
  )

  it.each(["none", "lzw", "deflate", "packbits", "zstd"] as const)(
    "where flipped bits of %s make it another, or gives bands of the size it tells",
    async (compression) => {
      const whole = writeTiff([ramp, ramp], 4, 6, { ...PLAIN, compression, big: compression === "zstd" })
      const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(7)), { minLength: 1, maxLength: 3 })
      await fc.assert(
        fc.asyncProperty(flips, async (changes) => {
          const damaged = Uint8Array.from(whole)
          for (const [at, bit] of changes) damaged[at] ^= 1 << bit
          try {
            for (const { data, height, width } of await decodeTiffBands(damaged, "x.tif")) {
              expect(data).toHaveLength(height * width)
            }
          } catch (fault) {
            expect(fault).toBeInstanceOf(DataError)
          }
        }),
        { numRuns: 500 }
      )
    }
  )

  it("whose directories overlap, so that a small file claims a thousand times its fields", async () => {
    const [begin, fields] = [33_000, 1000]
    const bytes = Buffer.alloc(begin + 12 * 2 * fields + 2)
    bytes.write("II")
    bytes.writeUInt16LE(42, 2)
    bytes.writeUInt32LE(begin, 4)
    for (let i = 0; i < fields; i++) {
      // The end of each field is the count of the next directory, whose place is a private field of no type.
      const at = begin + 12 * i
      bytes.writeUInt16LE(fields, at)
      bytes.writeUInt16LE(1000 + i, at + 2)
      bytes.writeUInt16LE(1, at + 4)
      bytes.writeUInt32LE(1, at + 6)
      bytes.writeUInt32LE(at + 12, at + 2 + 12 * fields)
    }
    await expect(decodeTiffBands(bytes, "x.tif")).rejects.toThrow("x.tif: has directories that overlap")
  })
})
