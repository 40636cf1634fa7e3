/** Damaged files of archives: a message with file and reason, or what stood in them; never other values. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { deflateSync } from "node:zlib"
import fc from "fast-check"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { CLASSES_43, encode43 } from "../../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { readEntry } from "../../../src/ops/data/archives/bigearthnet/reader.ts"
import type { Pixels } from "../../../src/ops/elements.ts"
import { readCsv } from "../../../src/ops/formats/csv.ts"
import { DataError } from "../../../src/ops/formats/data-error.ts"
import { readMatrix } from "../../../src/ops/formats/mat/read.ts"
import { decodeNpy } from "../../../src/ops/formats/npy.ts"
import { decodeSafetensors } from "../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../src/ops/formats/safetensors/write.ts"
import { textOf } from "../../../src/ops/formats/text.ts"
import { decodeTiff, decodeTiffBands } from "../../../src/ops/formats/tiff/read.ts"
import { encodeGeoTiff } from "../../../src/ops/formats/tiff/write.ts"
import { temporaryFolder } from "../data/folder.ts"
import { npyBytes } from "../retrieve/embeddings/npy.ts"
import { bitsApart, type Damage, damaged, damages, isIntact, MUTATIONS } from "./mutate.ts"
import { changedFields, long, plainFields, rawTiff, short } from "./tiff/raw-file.ts"

const raw = (data: Pixels) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/**
 * Reads many damaged copies of a file.
 *
 * @param read gives what must be as it was but for flipped bits, under its names
 * @param places where bits are flipped; anywhere by default
 */
const survives = async (
  whole: Uint8Array,
  read: (bytes: Uint8Array) => Promise<Readonly<Record<string, Uint8Array>>>,
  { runs, places = fc.nat(whole.length - 1) }: { readonly runs: number; readonly places?: fc.Arbitrary<number> }
) => {
  const original = await read(whole)
  const outcomes = { refused: 0, read: 0 }
  const check = async (damage: Damage) => {
    let found: Readonly<Record<string, Uint8Array>>
    try {
      found = await read(damaged(whole, damage))
    } catch (fault) {
      outcomes.refused++
      expect(fault).toBeInstanceOf(DataError)
      expect((fault as DataError).message).toMatch(/^the file/)
      expect(isIntact(damage)).toBe(false)
      return
    }
    outcomes.read++
    for (const [name, bytes] of Object.entries(original)) {
      // A name of its own may have lost bits; what goes by an old name must be what it was.
      if (found[name] !== undefined) expect(bitsApart(found[name], bytes)).toBeLessThanOrEqual(damage.flips.length)
      else expect(damage.flips.length).toBeGreaterThan(0)
    }
  }
  await fc.assert(fc.asyncProperty(damages(places, whole.length), check), { numRuns: runs * MUTATIONS })
  return outcomes
}

describe("damaged files", () => {
  const ramp = Uint16Array.from({ length: 400 }, (_, i) => (i * 977) % 65536)
  const place = { ulx: 600_000, uly: 4_900_020, metres: 60, epsg: 32629 }
  /** As BigEarthNet's adapter does, which knows dtype and size. */
  const band = async (bytes: Uint8Array) => {
    const { data, dtype, height, width } = await decodeTiff(bytes, "the file")
    if (dtype !== "uint16" || height !== 20 || width !== 20) {
      throw new DataError({ subject: "the file", problem: "is another band", remedy: "Get it anew" })
    }
    return { band: raw(data) }
  }
  /** How many bits of a damaged copy's pixels are wrong; none where it is refused. */
  const bitsWrong = async (whole: Uint8Array, flips: Damage["flips"]) => {
    const found = await band(damaged(whole, { flips, cut: undefined })).catch((fault: unknown) => {
      expect(fault).toBeInstanceOf(DataError)
      return undefined
    })
    return found === undefined ? 0 : bitsApart(found.band, raw(ramp))
  }

  it.each([20, 6])("TIFF in plain strips of %s rows", async (rows) => {
    const whole = encodeGeoTiff(ramp, 20, 20, place, rows)
    const header = fc.oneof(fc.nat(whole.length - 1), fc.nat(300))
    const { read, refused } = await survives(whole, band, { runs: 250, places: header })
    expect([read > 40, refused > 40]).toEqual([true, true])
  })

  it.each([20, 6])("TIFF in plain strips of %s rows, each bit flipped by itself", async (rows) => {
    const whole = encodeGeoTiff(ramp, 20, 20, place, rows)
    const wrong: Array<string> = []
    for (let i = 0; i < 8 * whole.length; i++) {
      const flip = [i >> 3, i & 7] as const
      if ((await bitsWrong(whole, [flip])) > 1) wrong.push(flip.join("."))
    }
    expect(wrong).toEqual([])
  })

  it.each([20, 6])("TIFF in plain strips of %s rows, whose place and any other bit are flipped", async (rows) => {
    const whole = encodeGeoTiff(ramp, 20, 20, place, rows)
    const header = 8 * (whole.length - ramp.byteLength)
    const field = whole.findIndex((_, i) => i >= 10 && (i - 10) % 12 === 0 && whole[i] + 256 * whole[i + 1] === 273)
    const wrong: Array<string> = []
    // The lowest two bytes of where the strip, or the list of strips, stands: higher ones lie far beyond the file.
    for (let moved = 8 * (field + 8); moved < 8 * (field + 10); moved++) {
      for (let other = 0; other < header; other++) {
        const flips = [moved, other].map((bit) => [bit >> 3, bit & 7] as const)
        if (moved === other) continue
        if ((await bitsWrong(whole, flips)) > 2) wrong.push(flips.join(" "))
      }
    }
    expect(wrong).toEqual([])
  })

  it("TIFF packed by deflate, whose checksum tells of flipped pixels", async () => {
    const whole = await sharp(ramp, { raw: { width: 20, height: 20, channels: 1 } })
      .toColourspace("grey16")
      .tiff({ compression: "deflate", predictor: "none", tile: true, tileWidth: 16, tileHeight: 16 })
      .toBuffer()
    const { refused } = await survives(whole, band, { runs: 150 })
    expect(refused).toBeGreaterThan(30)
  })

  /** Files whose writers did not keep to the letter of the format: what is looser must not be looser on damage. */
  const odd: Readonly<Record<string, () => Uint8Array>> = {
    "with spare numbers of geographic keys": () =>
      rawTiff(raw(ramp), [...oddFields, short(34735, 1, 1, 0, 1, 1024, 0, 1, 1, 0, 0, 0, 0)]),
    "that counts more geographic keys than it has": () =>
      rawTiff(raw(ramp), [...oddFields, short(34735, 1, 1, 0, 9, 1024, 0, 1, 1)]),
    "with zeros behind its strip": () =>
      rawTiff(Buffer.concat([raw(ramp), Buffer.alloc(224)]), changedFields(oddFields, [long(279, 1024)])),
    "without sizes of strips": () => rawTiff(raw(ramp), changedFields(oddFields, [], [279])),
    "whose resolution is a float": () => rawTiff(raw(ramp), [...oddFields, { tag: 282, type: 11, values: [72] }]),
    "with a private field of no type": () =>
      rawTiff(raw(ramp), [...oddFields, { tag: 50_000, type: 0, values: new Uint8Array(), count: 0 }])
  }
  const oddFields = plainFields(20, 20, 16, 800)

  it.each(Object.keys(odd))("TIFF %s, each bit flipped by itself", async (name) => {
    const whole = odd[name]()
    const wrong: Array<string> = []
    for (let i = 0; i < 8 * whole.length; i++) {
      if ((await bitsWrong(whole, [[i >> 3, i & 7]])) > 1) wrong.push(`${i >> 3}.${i & 7}`)
    }
    expect(wrong).toEqual([])
  })

  const narrow = Uint8Array.from({ length: 20 * 30 }, (_, i) => (i * 31) & 255)
  it.each([
    [1, 1],
    [2, 1],
    [4, 1],
    [12, 1],
    [8, 2],
    [16, 3],
    [64, 2]
  ])(
    "TIFF of %i bits, format %i, packed or not: a DataError, or bands of the size that it claims",
    async (bits, format) => {
      const width = Math.floor((30 * 8) / bits)
      const stored = narrow.slice(0, 20 * Math.ceil((width * bits) / 8))
      const fields = [...plainFields(20, width, bits, stored.length), short(339, format)]
      const deflated = deflateSync(stored)
      const packed = changedFields(fields, [short(259, 8), long(279, deflated.length)])
      for (const whole of [rawTiff(stored, fields), rawTiff(deflated, packed)]) {
        await fc.assert(
          fc.asyncProperty(damages(fc.nat(whole.length - 1), whole.length), async (damage) => {
            try {
              for (const one of await decodeTiffBands(damaged(whole, damage), "the file")) {
                expect(one.data).toHaveLength(one.height * one.width)
              }
            } catch (fault) {
              expect(fault).toBeInstanceOf(DataError)
            }
          }),
          { numRuns: 150 * MUTATIONS }
        )
      }
    }
  )

  it("TIFF packed by JPEG: a DataError, or bands of the size that it claims", async () => {
    const whole = await sharp(narrow, { raw: { width: 30, height: 20, channels: 1 } })
      .toColourspace("b-w")
      .tiff({ compression: "jpeg" })
      .toBuffer()
    await fc.assert(
      fc.asyncProperty(damages(fc.nat(whole.length - 1), whole.length), async (damage) => {
        try {
          const { data, height, width } = await decodeTiff(damaged(whole, damage), "the file")
          expect(data).toHaveLength(height * width)
        } catch (fault) {
          expect(fault).toBeInstanceOf(DataError)
        }
      }),
      { numRuns: 100 * MUTATIONS }
    )
  })

  it.each(["plain", "packed"])("matrices of MATLAB, %s", async (how) => {
    const element = (type: number, content: Uint8Array) => {
      const tag = Buffer.alloc(8)
      tag.writeUInt32LE(type, 0)
      tag.writeUInt32LE(content.length, 4)
      return Buffer.concat([tag, content, Buffer.alloc(type === 15 ? 0 : (8 - (content.length % 8)) % 8)])
    }
    const parts = [
      element(6, Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0)),
      element(5, new Uint8Array(Int32Array.of(20, 30).buffer)),
      element(1, Buffer.from("labels")),
      element(2, narrow)
    ]
    const matrix = element(14, Buffer.concat(parts))
    const head = Buffer.alloc(128, " ")
    head.write("MATLAB 5.0 MAT-file", "latin1")
    head.writeUInt16LE(0x0100, 124)
    head.write("IM", 126, "latin1")
    const whole = Buffer.concat([head, how === "plain" ? matrix : element(15, deflateSync(matrix))])
    const read = async (bytes: Uint8Array) => {
      const { columns, rows, values } = readMatrix(bytes, "the file", "labels")
      expect(values).toHaveLength(rows * columns)
      return rows === 20 && columns === 30 ? { labels: Uint8Array.from(values) } : {}
    }
    const { refused } = await survives(whole, read, {
      runs: 250,
      places: fc.oneof(fc.nat(whole.length - 1), fc.integer({ min: 120, max: 200 }))
    })
    expect(refused).toBeGreaterThan(40)
  })

  it("tables of CSV and texts", async () => {
    const whole = Buffer.from('\ufeffimage,"Sea, ocean",Beach\r\n"a\nb.png",1,0\nc.png,0,1\r\n')
    for (const bytes of [whole, Buffer.from(whole.toString(), "utf16le")]) {
      await fc.assert(
        fc.asyncProperty(damages(fc.nat(bytes.length - 1), bytes.length), async (damage) => {
          try {
            for (const row of readCsv(textOf(damaged(bytes, damage), "the file"), "the file", {
              delimiter: "detect"
            })) {
              expect(row.every((cell) => typeof cell === "string")).toBe(true)
            }
          } catch (fault) {
            expect(fault).toBeInstanceOf(DataError)
          }
        }),
        { numRuns: 300 * MUTATIONS }
      )
    }
  })

  it("safetensors", async () => {
    const whole = encodeSafetensors(
      [
        { name: "B02", dtype: "uint16", shape: [20, 20], data: ramp },
        { name: "B03", dtype: "uint16", shape: [20, 20], data: ramp.map((value) => value ^ 255) },
        { name: "VV", dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }
      ],
      { labels_19: '["Pastures"]' }
    )
    const read = async (bytes: Uint8Array) =>
      Object.fromEntries(decodeSafetensors(bytes, "the file").tensors.map(({ data, name }) => [name, raw(data)]))
    const places = fc.oneof(fc.nat(whole.length - 1), fc.nat(300))
    const { refused } = await survives(whole, read, { runs: 250, places })
    expect(refused).toBeGreaterThan(40)
  })

  it("npy", async () => {
    const numbers = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i))
    const whole = npyBytes(numbers, 6, 10)
    // One bit makes "<f8" ">f8", a whole file of other numbers: nothing in the format tells, as with a flipped pixel.
    const order = whole.indexOf("<f8")
    const read = async (bytes: Uint8Array) => {
      const { data, shape } = decodeNpy(bytes, "the file")
      return shape.join() === "6,10" && bytes[order] === whole[order] ? { numbers: raw(data) } : {}
    }
    const { refused } = await survives(whole, read, {
      runs: 150,
      places: fc.oneof(fc.nat(whole.length - 1), fc.nat(100))
    })
    expect(refused).toBeGreaterThan(20)
  })

  it("labels in JSON", async () => {
    const root = temporaryFolder()
    const labels = ["Pastures", "Vineyards", "Sea and ocean"]
    const text = JSON.stringify({ labels, coordinates: { ulx: 1, uly: 2 }, tile_source: "S2A.SAFE" })
    mkdirSync(join(root, "p"))
    const read = async (bytes: Uint8Array) => {
      writeFileSync(join(root, "p", "p_labels_metadata.json"), bytes)
      try {
        return { labels: encode43((await readEntry(root, "p")).labels, "the file") }
      } catch (fault) {
        if (!(fault instanceof DataError)) throw fault
        if (fault.subject !== "the file") expect(fault.subject).toBe(join(root, "p", "p_labels_metadata.json"))
        throw new DataError({ ...fault, subject: "the file", problem: fault.problem, remedy: fault.remedy })
      }
    }
    const { refused } = await survives(Buffer.from(text), read, { runs: 150 })
    expect(refused).toBeGreaterThan(40)
    expect(encode43(labels, "x")).toHaveLength(CLASSES_43.length)
  })
})
