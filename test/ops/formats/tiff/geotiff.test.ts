import fc from "fast-check"
import { fromArrayBuffer, writeArrayBuffer } from "geotiff"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { DataError } from "../../../../src/ops/formats/data-error.ts"
import { decodeTiff, decodeTiffBands } from "../../../../src/ops/formats/tiff/read.ts"
import { encodeGeoTiff } from "../../../../src/ops/formats/tiff/write.ts"

const place = { ulx: 600_000, uly: 4_900_020, metres: 60, epsg: 32629 }
const ramp = (n: number) => Uint16Array.from({ length: n }, (_, i) => (i * 977) % 65536)

/** A plain TIFF made by hand, in either byte order. */
const tiff = (little: boolean, fields: Readonly<Record<number, number>>, pixels: ReadonlyArray<number>): Uint8Array => {
  const tags = Object.entries(fields)
  const start = 8 + 2 + 12 * tags.length + 4
  const bytes = new Uint8Array(start + pixels.length)
  const view = new DataView(bytes.buffer)
  bytes.fill(little ? 0x49 : 0x4d, 0, 2)
  view.setUint16(2, 42, little)
  view.setUint32(4, 8, little)
  view.setUint16(8, tags.length, little)
  tags.forEach(([tag, value], i) => {
    view.setUint16(10 + 12 * i, Number(tag), little)
    view.setUint16(12 + 12 * i, 4, little)
    view.setUint32(14 + 12 * i, 1, little)
    view.setUint32(18 + 12 * i, Number(tag) === 273 ? start : value, little)
  })
  bytes.set(pixels, start)
  return bytes
}
const plain = (bits: number, format: number, bytes: number) => ({
  256: 2,
  257: 1,
  258: bits,
  259: 1,
  273: 0,
  277: 1,
  278: 1,
  279: bytes,
  339: format
})

describe("encodeGeoTiff", () => {
  it("writes what the geotiff package reads, with its place", async () => {
    const data = ramp(20 * 20)
    const bytes = encodeGeoTiff(data, 20, 20, place)
    const image = await (await fromArrayBuffer(bytes.slice().buffer as ArrayBuffer)).getImage()
    expect([image.getHeight(), image.getWidth(), image.getSamplesPerPixel()]).toEqual([20, 20, 1])
    const [values] = (await image.readRasters()) as unknown as [Uint16Array]
    expect(values).toEqual(data)
    expect(image.getBoundingBox()).toEqual([600_000, 4_898_820, 601_200, 4_900_020])
    expect(image.getGeoKeys()).toMatchObject({
      GTModelTypeGeoKey: 1,
      GTRasterTypeGeoKey: 1,
      ProjectedCSTypeGeoKey: 32629
    })
  })

  it("writes what libtiff reads", async () => {
    const data = ramp(7 * 5)
    const { data: raw, info } = await sharp(Buffer.from(encodeGeoTiff(data, 7, 5, place, 3)))
      .toColourspace("grey16")
      .raw({ depth: "ushort" })
      .toBuffer({ resolveWithObject: true })
    expect([info.height, info.width, info.channels]).toEqual([7, 5, 1])
    expect(new Uint16Array(new Uint8Array(raw).buffer)).toEqual(data)
  })
})

describe("decodeTiff", () => {
  it("reads back what was written, whatever the strips", async () => {
    const size = fc.integer({ min: 1, max: 12 })
    await fc.assert(
      fc.asyncProperty(size, size, size, async (height, width, rows) => {
        const data = ramp(height * width)
        const read = await decodeTiff(encodeGeoTiff(data, height, width, place, rows), "x.tif")
        expect(read).toEqual({ dtype: "uint16", height, width, data })
      })
    )
  })

  it.each([
    ["uint8", 8, 1, [200, 3], Uint8Array.of(200, 3)],
    ["uint16", 16, 1, [1, 2, 3, 4], Uint16Array.of(0x0102, 0x0304)],
    ["int16", 16, 2, [255, 254, 0, 1], Int16Array.of(-2, 1)],
    ["uint32", 32, 1, [255, 0, 0, 1, 0, 0, 0, 2], Uint32Array.of(0xff000001, 2)],
    ["int32", 32, 2, [255, 255, 255, 255, 0, 0, 0, 2], Int32Array.of(-1, 2)],
    ["float32", 32, 3, [63, 128, 0, 0, 192, 0, 0, 0], Float32Array.of(1, -2)],
    ["float64", 64, 3, [63, 240, 0, 0, 0, 0, 0, 0, 192, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(1, -2)]
  ] as const)("reads %s in both byte orders", async (dtype, bits, format, big, data) => {
    const size = bits / 8
    const little = [...big.slice(0, size)].reverse().concat([...big.slice(size)].reverse())
    const expected = { dtype, height: 1, width: 2, data }
    expect(await decodeTiff(tiff(false, plain(bits, format, big.length), big), "x.tif")).toEqual(expected)
    expect(await decodeTiff(tiff(true, plain(bits, format, big.length), little), "x.tif")).toEqual(expected)
  })

  it.each(["deflate", "lzw", "packbits"] as const)("reads %s, with predictor and in tiles", async (compression) => {
    const grey = Buffer.from(Uint8Array.from({ length: 40 * 30 }, (_, i) => (i * 7) % 251))
    for (const tile of [false, true]) {
      const packed = await sharp(grey, { raw: { width: 40, height: 30, channels: 1 } })
        .toColourspace("b-w")
        .tiff({ compression, predictor: "horizontal", tile, tileWidth: 16, tileHeight: 16 })
        .toBuffer()
      expect(await decodeTiff(packed, "x.tif")).toEqual({
        dtype: "uint8",
        height: 30,
        width: 40,
        data: new Uint8Array(grey)
      })
    }
  })

  it.each(["none", "deflate"] as const)("reads every band of colours, packed by %s", async (compression) => {
    const colours = Uint8Array.from({ length: 12 * 10 * 3 }, (_, i) => (i * 31) % 256)
    const bytes = await sharp(colours, { raw: { width: 12, height: 10, channels: 3 } })
      .tiff({ compression })
      .toBuffer()
    const bands = await decodeTiffBands(bytes, "x.tif")
    expect(bands.map(({ dtype, height, width }) => [dtype, height, width])).toEqual(Array(3).fill(["uint8", 10, 12]))
    for (const [band, { data }] of bands.entries()) expect(data).toEqual(colours.filter((_, i) => i % 3 === band))
  })

  it("reads bands that stand one after the other", async () => {
    const bands = [Uint16Array.of(1, 2, 3, 4, 5, 6), Uint16Array.of(7, 8, 9, 10, 11, 65535)]
    const fields = { 256: 3, 257: 2, 258: 16, 259: 1, 273: 0, 277: 2, 278: 2, 279: 12, 284: 2, 339: 1 }
    const bytes = tiff(
      true,
      fields,
      bands.flatMap((band) => [...new Uint8Array(band.buffer)])
    )
    // One strip a band: both tags are lists of two, which stand at the file's end.
    const grown = new Uint8Array(bytes.length + 16)
    grown.set(bytes)
    const view = new DataView(grown.buffer)
    const start = view.getUint32(18 + 12 * 4, true)
    for (const [entry, values] of [[4, [start, start + 12]] as const, [7, [12, 12]] as const]) {
      const at = bytes.length + (entry === 4 ? 0 : 8)
      view.setUint32(14 + 12 * entry, 2, true)
      view.setUint32(18 + 12 * entry, at, true)
      values.forEach((value, i) => void view.setUint32(at + 4 * i, value, true))
    }
    expect((await decodeTiffBands(grown, "x.tif")).map(({ data }) => data)).toEqual(bands)
  })

  it("reads what the geotiff package writes", async () => {
    const values = Float32Array.of(1.5, -2, 3, 4, 5, 6)
    const bytes = new Uint8Array(
      writeArrayBuffer(values, { height: 2, width: 3, BitsPerSample: [32], SampleFormat: [3] }) as ArrayBuffer
    )
    expect(await decodeTiff(bytes, "x.tif")).toEqual({ dtype: "float32", height: 2, width: 3, data: values })
  })

  it.each([
    ["nothing", new Uint8Array(0), "holds 0 bytes"],
    ["another file", Buffer.from("%PDF-1.7 and so on"), "is not a TIFF file"],
    ["BigTIFF cut short", Uint8Array.of(0x49, 0x49, 43, 0, 8, 0, 0, 0), "is not a TIFF file"],
    [
      "a giant size",
      tiff(true, { ...plain(16, 1, 4), 256: 2 ** 31, 257: 2 ** 31 }, [1, 2, 3, 4]),
      "claims 2147483648 x"
    ],
    [
      "a giant size, packed",
      tiff(true, { ...plain(16, 1, 4), 256: 2 ** 20, 257: 2 ** 20, 259: 8 }, [1, 2, 3, 4]),
      "claims 1048576 x"
    ],
    [
      "giant tiles",
      tiff(true, { ...plain(16, 1, 4), 322: 2 ** 20, 323: 2 ** 20, 324: 8, 325: 4 }, [1, 2, 3, 4]),
      "claims tiles of 2199023255552 bytes"
    ],
    ["colours", tiff(true, { ...plain(8, 1, 6), 277: 3 }, [1, 2, 3, 4, 5, 6]), "holds 3 values per pixel, expected 1"],
    ["too many bands", tiff(true, { ...plain(8, 1, 6), 277: 5000 }, [1, 2, 3]), "holds 5000 values per pixel"],
    ["bits", tiff(true, { ...plain(5, 1, 2) }, [1, 2]), "pixels of 5 bits"],
    [
      "too few strips",
      tiff(true, { ...plain(8, 1, 2), 257: 2 }, [1, 2, 3, 4]),
      "has 1 pieces of 1 x 2 pixels for 2 x 2"
    ],
    ["a short strip", tiff(true, plain(16, 1, 2), [1, 2, 3, 4]), "has 2 bytes in strip 0, expected 4"],
    ["no size", tiff(true, { ...plain(8, 1, 2), 256: 0 }, [1, 2]), "has no size"]
  ])("refuses %s", async (_, bytes, problem) => {
    await expect(decodeTiff(bytes, "B02.tif")).rejects.toBeInstanceOf(DataError)
    await expect(decodeTiff(bytes, "B02.tif")).rejects.toThrow(`B02.tif: `)
    await expect(decodeTiff(bytes, "B02.tif")).rejects.toThrow(problem)
  })

  it("refuses every file cut short", async () => {
    const bytes = encodeGeoTiff(ramp(36), 6, 6, place, 4)
    for (let length = 0; length < bytes.length; length++) {
      await expect(decodeTiff(bytes.slice(0, length), "x.tif")).rejects.toBeInstanceOf(DataError)
    }
  })

  const whole = encodeGeoTiff(ramp(36), 6, 6, place, 4)
  const packed = sharp(Buffer.alloc(400, 9), { raw: { width: 20, height: 20, channels: 1 } })
    .toColourspace("b-w")
    .tiff({ compression: "deflate", tile: true, tileWidth: 16, tileHeight: 16 })
    .toBuffer()
  it.each([["plain", async () => whole] as const, ["packed", async () => new Uint8Array(await packed)] as const])(
    "meets flipped bits of a %s file with a DataError or a whole image",
    async (_, make) => {
      const bytes = await make()
      const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(7)), { minLength: 1, maxLength: 3 })
      await fc.assert(
        fc.asyncProperty(flips, async (changes) => {
          const damaged = bytes.slice()
          for (const [at, bit] of changes) damaged[at] ^= 1 << bit
          try {
            const { data, height, width } = await decodeTiff(damaged, "x.tif")
            expect(data.length).toBe(height * width)
          } catch (fault) {
            expect(fault).toBeInstanceOf(DataError)
          }
        }),
        { numRuns: 1000 }
      )
    },
    50_000
  )
})
