/** Images of three colours: the numbers that stand in the file, or a refusal; never what another program makes of them. */
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { decodeRgb } from "../../../../../src/ops/data/archives/shared/image.ts"
import type { Pixels } from "../../../../../src/ops/elements.ts"
import { fieldAt, type TiffOptions, writeTiff } from "../../../formats/tiff/writer.ts"

const [HEIGHT, WIDTH] = [3, 4]
const band = (from: number) => Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => (from + i * 7) & 255)
const colours = [band(10), band(90), band(200)]

const tif = (bands: ReadonlyArray<Pixels>, photometric: number, options: Partial<TiffOptions> = {}) => {
  const plain = {
    little: true,
    big: false,
    compression: "none",
    predictor: 1,
    planar: false,
    rows: 2,
    tiled: false
  } as const
  const bytes = Buffer.from(writeTiff(bands, HEIGHT, WIDTH, { ...plain, ...options }))
  bytes.writeUInt32LE(photometric, fieldAt(bytes, 262) + 8)
  return bytes
}

/** The same pixels side by side. */
const raw = (bands: ReadonlyArray<Pixels>) =>
  sharp(Uint8Array.from(Array.from(bands[0], (_, i) => bands.map((one) => one[i])).flat()), {
    raw: { width: WIDTH, height: HEIGHT, channels: bands.length as 1 | 2 | 3 | 4 }
  })

const options = { maxValues: 1000, note: () => undefined }
const read = async (bytes: Uint8Array) => (await decodeRgb(bytes, "x", options)).map(({ data }) => data)

describe("an image of three colours", () => {
  it.each([
    ["a tif of RGB", tif(colours, 2)],
    ["a tif of RGB, packed and tiled", tif(colours, 2, { compression: "lzw", predictor: 2, tiled: true, rows: 2 })],
    ["a tif of three bands that are not called RGB", tif(colours, 1, { planar: true })],
    ["a tif with transparency", tif([...colours, band(0)], 2)]
  ])("has the numbers of %s", async (_, bytes) => {
    expect(await read(bytes)).toEqual(colours)
  })

  it("has the numbers of pngs, whose transparency does not count; grey becomes three colours", async () => {
    expect(await read(await raw(colours).png().toBuffer())).toEqual(colours)
    expect(
      await read(
        await raw([...colours, band(3)])
          .png()
          .toBuffer()
      )
    ).toEqual(colours)
    expect(await read(await raw(colours).png({ palette: true, colours: 64 }).toBuffer())).toEqual(colours)
    const grey = await raw([colours[0]]).toColourspace("b-w").png().toBuffer()
    expect(await read(grey)).toEqual([colours[0], colours[0], colours[0]])
    expect(await read(tif([colours[0]], 1))).toEqual([colours[0], colours[0], colours[0]])
  })

  const wide = colours.map((one) => Uint16Array.from(one, (value) => value * 16))
  it.each([
    [
      "a tif of 16 bits",
      async () => tif(wide, 2),
      "holds 3 bands of uint16 (photometric 2), not three colours. Convert it"
    ],
    ["a tif of L*a*b*", async () => tif(colours, 8), "holds L*a*b* colours (CIELab), which are not read"],
    ["a tif of CMYK", async () => tif([...colours, band(0)], 5), "holds amounts of ink (CMYK), which are not read"],
    ["a tif whose white is zero", async () => tif(colours, 0), "holds 3 bands of uint8 (photometric 0)"],
    [
      "a tif with a palette",
      async () => tif([colours[0]], 3),
      "holds numbers of colours in a palette, which are not read"
    ],
    ["a tif of two bands", async () => tif(colours.slice(1), 1), "holds 2 bands of uint8"],
    ["a damaged tif", async () => tif(colours, 2).subarray(0, 40), "is cut short"],
    [
      "a png of 16 bits",
      () => raw(colours).toColourspace("rgb16").png().toBuffer(),
      "holds 16 bits a colour, expected 8. Convert it to 8 bits"
    ],
    [
      "a jpg for printers",
      () => raw(colours).toColourspace("cmyk").jpeg().toBuffer(),
      "holds amounts of ink (CMYK), which are not read"
    ],
    ["text", async () => Buffer.from("IDAT is not here"), "cannot be read as an image"]
  ] as const)("refuses %s", async (_, make, message) => {
    await expect(decodeRgb(await make(), "x.img", options)).rejects.toThrow(`x.img: ${message}`)
  })
})
