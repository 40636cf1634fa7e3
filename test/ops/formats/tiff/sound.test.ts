/** Files that GDAL reads, though their writers did not keep to the letter of the format: they are read, with GDAL's values. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { deflateSync } from "node:zlib"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { decodeTiff, decodeTiffBands } from "../../../../src/ops/formats/tiff/read.ts"
import { changedFields, long, plainFields, type RawField, rawTiff, short, text } from "./raw-file.ts"

/** Noise that is the same on every machine. */
const noise = (length: number, seed = 1): Uint8Array => {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state & 255
  })
}

const pixels = noise(512)
const PLAIN = plainFields(16, 16, 16, 512)
const numbers = (bytes: Uint8Array) => new Uint16Array(Uint8Array.from(bytes).buffer)

const values = async (bytes: Uint8Array) => (await decodeTiff(bytes, "x.tif")).data

/** The image of 16 x 16 numbers with some fields in place of the usual ones. */
const odd = (changes: ReadonlyArray<RawField>, without: ReadonlyArray<number> = [], stored: Uint8Array = pixels) =>
  rawTiff(stored, changedFields(PLAIN, changes, without))

describe("files of other programs", () => {
  const file = (name: string) => readFileSync(join(import.meta.dirname, "cases", name))
  // Sums of all pixels, and the first of them, as rasterio 1.4 reads them.
  it.each([
    ["fmt4.tif", 7_937_459],
    ["nocounts.tif", 7_937_459],
    ["off_nz_count0.tif", 4_201_832],
    ["pad.tif", 7_937_459],
    ["resfloat.tif", 7_937_459],
    ["shared_strips.tif", 8_286_172],
    ["type0.tif", 7_937_459],
    ["geokeys_less.tif", 7_937_459],
    ["geokeys_pad.tif", 7_937_459]
  ])("%s is read as GDAL reads it", async (name, sum) => {
    const { data, dtype, height, width } = await decodeTiff(file(name), name)
    expect([dtype, height, width]).toEqual(["uint16", 16, 16])
    expect(data.subarray(0, 8)).toEqual(Uint16Array.of(31_670, 25_292, 39_109, 52_214, 966, 57_662, 17_208, 6860))
    expect((data as Uint16Array).reduce((all, value) => all + value, 0)).toBe(sum)
  })
})

describe("a sound TIFF is read", () => {
  const geo = (count: number, keys: number, spare: number) => [
    { tag: 34735, type: 3, values: [1, 1, 0, keys, 1024, 0, 1, 1, 3072, 0, 1, 32632, ...Array(spare).fill(0)], count }
  ]

  it.each([
    ["whose geographic keys have spare zeros", odd(geo(20, 2, 8))],
    ["whose geographic keys have one spare zero", odd(geo(13, 2, 1))],
    ["that counts more geographic keys than there are", odd(geo(12, 5, 0))],
    ["that counts one geographic key too many", odd(geo(12, 3, 0))],
    ["whose numbers of geographic keys reach beyond its end", odd(geo(400, 2, 0))],
    ["without sizes of strips", odd([], [279])],
    ["without sizes of several strips", odd([long(273, 8, 136, 264, 392), short(278, 4)], [279])],
    ["of tiles that are listed as strips", odd([short(322, 16), short(323, 16)], [278])],
    ["of tiles that are listed as strips, without sizes", odd([short(322, 16), short(323, 16)], [278, 279])],
    ["with a few bytes behind its strip", odd([long(279, 518)], [], Buffer.concat([pixels, noise(6)]))],
    [
      "with zeros up to a page behind its strip",
      odd([long(279, 4096)], [], Buffer.concat([pixels, Buffer.alloc(3584)]))
    ],
    ["whose resolution is a float", odd([{ tag: 282, type: 11, values: [72] }])],
    ["whose resolution is a double", odd([{ tag: 282, type: 12, values: [72] }])],
    ["whose resolution is a whole number", odd([short(282, 72), short(283, 72)])],
    ["with a private tag of type 0", odd([{ tag: 50_000, type: 0, values: new Uint8Array(), count: 0 }])],
    ["with a private tag of type 0 and a place", odd([{ tag: 65_000, type: 0, values: noise(9) }])],
    ["with a private tag of type 99", odd([{ tag: 65_000, type: 99, values: noise(4), count: 3_000_000 }])],
    ["of untyped values", odd([short(339, 4)])],
    ["packed by deflate, with zeros behind its rows", packed(Buffer.concat([pixels, Buffer.alloc(96)]))],
    ["packed by deflate, with half a row behind its rows", packed(Buffer.concat([pixels, noise(16)]))],
    ["packed by deflate, with more rows than it has", packed(Buffer.concat([pixels, noise(320)]))],
    ["packed by deflate, without the size of its strip", packed(pixels, [279])]
  ])("%s", async (_, bytes) => {
    expect(await values(bytes)).toEqual(numbers(pixels))
  })

  it("whose equal strips or tiles are the same bytes", async () => {
    const strip = pixels.subarray(0, 128)
    const four = Buffer.concat([strip, strip, strip, strip])
    const strips = odd([long(273, 8, 8, 8, 8), long(279, 128, 128, 128, 128), short(278, 4)], [], strip)
    expect(await values(strips)).toEqual(numbers(four))
    const tile = noise(16 * 16)
    const tiles = rawTiff(
      tile,
      changedFields(
        plainFields(32, 32, 8, 0),
        [short(322, 16), short(323, 16), long(324, 8, 8, 8, 8), long(325, 256, 256, 256, 256)],
        [273, 278, 279]
      )
    )
    const read = await values(tiles)
    for (let i = 0; i < read.length; i++) expect(read[i]).toBe(tile[((i >> 5) % 16) * 16 + (i % 16)])
  })

  it("whose last of equal strips has fewer rows", async () => {
    const bytes = rawTiff(
      pixels.subarray(0, 128),
      changedFields(plainFields(6, 16, 16, 0), [long(273, 8, 8), long(279, 128, 64), short(278, 4)])
    )
    expect(await values(bytes)).toEqual(numbers(Buffer.concat([pixels.subarray(0, 128), pixels.subarray(0, 64)])))
  })

  it("whose piece of no bytes has a place: it is filled with what is declared", async () => {
    const fields = [long(273, 8, 8), long(279, 256, 0), short(278, 8), text(42113, "7")]
    const bytes = odd(fields, [], pixels.subarray(0, 256))
    expect(await values(bytes)).toEqual(
      Uint16Array.of(...numbers(pixels.subarray(0, 256)), ...new Array<number>(128).fill(7))
    )
  })

  const few = noise(90)
  const bitsAt = (bytes: Uint8Array, bit: number, bits: number) => {
    let value = 0
    for (let i = bit; i < bit + bits; i++) value = value * 2 + ((bytes[i >> 3] >> (7 - (i & 7))) & 1)
    return value
  }

  it.each([1, 2, 4, 12])("of %s bits, whose rows begin at a byte", async (bits) => {
    const [height, width] = [5, 11]
    const rowBytes = Math.ceil((width * bits) / 8)
    const stored = few.subarray(0, height * rowBytes)
    const expected = Array.from({ length: height * width }, (_, i) =>
      bitsAt(stored, 8 * rowBytes * Math.floor(i / width) + (i % width) * bits, bits)
    )
    const whole = plainFields(height, width, bits, stored.length)
    for (const bytes of [
      rawTiff(stored, whole),
      rawTiff(deflateSync(stored), changedFields(whole, [short(259, 8), long(279, deflateSync(stored).length)]))
    ]) {
      const { data, dtype } = await decodeTiff(bytes, "x.tif")
      expect(dtype).toBe(bits === 12 ? "uint16" : "uint8")
      expect([...data]).toEqual(expected)
    }
  })

  it("of one bit, if it says nothing of bits", async () => {
    const bytes = rawTiff(Uint8Array.of(0b1010_0000, 0b0100_0000), changedFields(plainFields(2, 3, 1, 2), [], [258]))
    expect([...(await values(bytes))]).toEqual([1, 0, 1, 0, 1, 0])
  })

  it("of several bands of 4 bits, side by side and one after the other", async () => {
    const expected = [
      [1, 4, 7, 10],
      [2, 5, 8, 11],
      [3, 6, 9, 12]
    ]
    const fields = changedFields(plainFields(2, 2, 4, 6), [short(258, 4, 4, 4), short(277, 3), short(284, 1)])
    const together = rawTiff(Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc), fields)
    const apart = rawTiff(
      Uint8Array.of(0x14, 0x7a, 0x25, 0x8b, 0x36, 0x9c),
      changedFields(fields, [short(284, 2), long(273, 8, 10, 12), long(279, 2, 2, 2)])
    )
    for (const bytes of [together, apart]) {
      expect((await decodeTiffBands(bytes, "x.tif")).map(({ data }) => [...data])).toEqual(expected)
    }
  })

  const typed = (bits: number, format: number, stored: Uint8Array, more: ReadonlyArray<RawField> = []) =>
    rawTiff(
      stored,
      changedFields(plainFields(1, (8 * stored.length) / bits, bits, stored.length), [short(339, format), ...more])
    )

  it("of int8, as int16", async () => {
    const { data, dtype } = await decodeTiff(typed(8, 2, Uint8Array.of(0, 127, 128, 255)), "x.tif")
    expect([dtype, ...data]).toEqual(["int16", 0, 127, -128, -1])
  })

  it("of float16, as float32", async () => {
    const halves = Uint16Array.of(0, 0x8000, 0x3c00, 0xc000, 0x7bff, 1, 0x03ff, 0x7c00, 0xfc00, 0x7e00, 0x3555)
    const { data, dtype } = await decodeTiff(typed(16, 3, new Uint8Array(halves.buffer)), "x.tif")
    expect(dtype).toBe("float32")
    expect([...data]).toEqual([
      0,
      -0,
      1,
      -2,
      65_504,
      2 ** -24,
      1023 * 2 ** -24,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      0.333251953125
    ])
  })

  it("of whole numbers of 64 bits, as float64, if it holds them exactly", async () => {
    const signed = new Uint8Array(BigInt64Array.of(0n, -5n, 2n ** 53n - 1n, 1n - 2n ** 53n).buffer)
    const { data, dtype } = await decodeTiff(typed(64, 2, signed), "x.tif")
    expect([dtype, ...data]).toEqual(["float64", 0, -5, 2 ** 53 - 1, 1 - 2 ** 53])
    const unsigned = new Uint8Array(BigUint64Array.of(7n, 2n ** 53n - 1n).buffer)
    expect([...(await values(typed(64, 1, unsigned)))]).toEqual([7, 2 ** 53 - 1])
    const large = new Uint8Array(BigUint64Array.of(7n, 2n ** 53n).buffer)
    await expect(values(typed(64, 1, large))).rejects.toThrow(
      "strip 0: it holds 9007199254740992, a whole number of 64 bits that float64 would round"
    )
    // What flipped bits of the format make of floating-point values.
    await expect(values(typed(64, 1, new Uint8Array(Float64Array.of(1.5).buffer)))).rejects.toThrow(
      "float64 would round"
    )
  })
})

/** The image packed by deflate from these bytes. */
function packed(stored: Uint8Array, without: ReadonlyArray<number> = []): Buffer {
  const bytes = deflateSync(stored)
  return odd([short(259, 8), long(279, bytes.length)], without, bytes)
}

describe("a TIFF packed by JPEG", () => {
  const picture = (channels: 1 | 3 | 4) =>
    sharp(
      Uint8Array.from({ length: 24 * 20 * channels }, (_, i) => 128 + 90 * Math.sin(i / 31) + 30 * Math.cos(i / 7)),
      { raw: { width: 24, height: 20, channels } }
    )

  it.each([1, 3] as const)("of %s bands gives what sharp reads", async (channels) => {
    const space = channels === 1 ? "b-w" : "srgb"
    for (const tile of [false, true]) {
      const bytes = await picture(channels)
        .toColourspace(space)
        .tiff({ compression: "jpeg", quality: 90, tile, tileWidth: 16, tileHeight: 16 })
        .toBuffer()
      const expected = await sharp(bytes).toColourspace(space).raw().toBuffer()
      const bands = await decodeTiffBands(bytes, "x.tif")
      expect(bands.map(({ dtype, height, width }) => [dtype, height, width])).toEqual(
        Array(channels).fill(["uint8", 20, 24])
      )
      for (const [band, { data }] of bands.entries()) {
        expect(Buffer.from(data.buffer)).toEqual(expected.filter((_, i) => i % channels === band))
      }
    }
  })

  it("is refused if it is damaged", async () => {
    const bytes = await picture(3).tiff({ compression: "jpeg" }).toBuffer()
    await expect(decodeTiffBands(bytes.fill(0x55, 200, 400), "x.tif")).rejects.toThrow(/^x\.tif: /)
  })

  it("is refused if its bands are not grey, or red, green and blue", async () => {
    const bytes = odd([short(258, 8, 8), short(277, 2), short(259, 7)])
    await expect(decodeTiffBands(bytes, "x.tif")).rejects.toThrow(
      "x.tif: holds 2 bands of 8 bits, packed by JPEG, which are not read. Convert it"
    )
  })
})

describe("a TIFF whose numbers are not the values of bands", () => {
  it.each([
    [
      3,
      "numbers of colours in a palette, which are not read. Convert it to red, green and blue, for example with `gdal_translate -expand rgb"
    ],
    [5, "amounts of ink (CMYK), which are not read. Convert it to red, green and blue, for example with `magick"],
    [6, "luminance and colour differences (YCbCr), which are not read. Convert it to red"],
    [8, "L*a*b* colours (CIELab), which are not read. Convert it to red"],
    [9, "L*a*b* colours (ICCLab), which are not read. Convert it to red"],
    [10, "L*a*b* colours (ITULab), which are not read. Convert it to red"],
    [32_844, "logarithms of luminance (LogL), which are not read. Convert it to red"],
    [32_845, "logarithms of luminance and colour (LogLuv), which are not read. Convert it to red"]
  ])("of photometric interpretation %i is refused by its name", async (photometric, message) => {
    await expect(values(odd([short(262, photometric)]))).rejects.toThrow(`x.tif: holds ${message}`)
  })

  it.each(["cmyk.tif", "lab.tif"])("%s is refused", async (name) => {
    await expect(decodeTiffBands(readFileSync(join(import.meta.dirname, "cases", name)), name)).rejects.toThrow(
      /^(cmyk\.tif: holds amounts of ink|lab\.tif: holds L\*a\*b\* colours)/
    )
  })

  it("but white at zero, or an interpretation that nobody knows, has the values of bands", async () => {
    for (const photometric of [0, 1, 34_892])
      expect(await values(odd([short(262, photometric)]))).toEqual(numbers(pixels))
  })
})

describe("the value of pixels without data", () => {
  const declared = async (value: string, more: ReadonlyArray<RawField> = []) =>
    (await decodeTiff(odd([text(42113, value), ...more]), "x.tif")).nodata

  it.each([
    ["7", 7],
    ["65535", 65_535],
    [" 12 ", 12],
    ["-9999", undefined],
    ["70000", undefined],
    ["3.5", undefined],
    ["nan", undefined],
    ["none", undefined]
  ])("%j is %j in uint16", async (value, expected) => {
    expect(await declared(value)).toBe(expected)
  })

  it.each([
    ["-9999", -9999],
    ["0.1", Math.fround(0.1)],
    ["nan", Number.NaN],
    ["-3.4028234663852886e+38", -3.4028234663852886e38],
    ["1e300", 3.4028234663852886e38],
    ["-inf", Number.NEGATIVE_INFINITY]
  ])("%j is %j in float32", async (value, expected) => {
    const halved = [short(256, 8), short(258, 32), short(339, 3)]
    expect(await declared(value, halved)).toBe(expected)
  })

  it("is not named where a file declares none", async () => {
    expect(Object.keys(await decodeTiff(odd([]), "x.tif"))).not.toContain("nodata")
  })
})

/** A small file of 2.5 billion equal pixels, each strip of which is the same bytes. */
function huge(): Buffer {
  const strip = deflateSync(new Uint8Array(50_000 * 500))
  const strips = Array<number>(100)
  return rawTiff(
    Buffer.concat([strip, Buffer.alloc(3_000_000)]),
    changedFields(plainFields(50_000, 50_000, 8, 0), [
      short(259, 8),
      short(278, 500),
      long(273, ...strips.fill(8)),
      long(279, ...Array<number>(100).fill(strip.length))
    ])
  )
}

describe("a TIFF that may be damaged is refused", () => {
  it.each([
    [
      "whose strip is longer by whole pixels of each row",
      odd([long(279, 512), short(256, 15)]),
      "has 512 bytes in strip 0, expected 480"
    ],
    [
      "whose piece of no bytes may be bytes that nothing names",
      odd([long(273, 8, 264), long(279, 256, 0), short(278, 8)]),
      "names pieces that hold nothing"
    ],
    [
      "whose strips are the same bytes, while others belong to none",
      odd([long(273, 8, 8), long(279, 256, 256), short(278, 8)]),
      "names the same bytes for several strips or tiles, while other bytes belong to none"
    ],
    [
      "whose geographic keys begin with another version",
      odd([short(34735, 2, 1, 0, 2, 1024, 0, 1, 1)]),
      "has geographic keys of an unknown version"
    ],
    ["whose resolution is of a type that one bit makes of it", odd([long(282, 72)]), "has a tag 282 of type 4"],
    [
      "of more values than one image may have",
      huge(),
      "holds 50000 x 50000 x 1 values, more than the 67108864 that one"
    ]
  ])("%s", async (_, bytes, message) => {
    await expect(decodeTiff(bytes, "x.tif")).rejects.toThrow(`x.tif: ${message}`)
  })

  it("of more values than its reader allows", async () => {
    await expect(decodeTiff(odd([]), "x.tif", 255)).rejects.toThrow("holds 16 x 16 x 1 values, more than the 255 that")
    expect(await decodeTiff(odd([]), "x.tif", 256)).toMatchObject({ height: 16 })
  })
})
