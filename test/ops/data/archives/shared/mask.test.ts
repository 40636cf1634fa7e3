/** Masks in the forms that programs save them in. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { crc32, deflateSync } from "node:zlib"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { DLRSD_LEGEND } from "../../../../../src/ops/data/archives/dlrsd/reader.ts"
import { countMask } from "../../../../../src/ops/data/archives/shared/mask.ts"
import { WHDLD_LEGEND } from "../../../../../src/ops/data/archives/whdld/reader.ts"
import { encodeIndexedPng } from "../../../../../src/ops/data/miniature/indexed-png.ts"
import { temporaryFolder } from "../../folder.ts"

const root = temporaryFolder()
const file = join(root, "mask.png")

/** Pixels of each class, those that are there. */
const counted = async (bytes: Uint8Array, legend = DLRSD_LEGEND) => {
  writeFileSync(file, bytes)
  return [...(await countMask(file, legend)).entries()].filter(([, count]) => count > 0)
}

/** A picture of these channels, two pixels wide. */
const png = (data: Uint8Array | Uint16Array, channels: 1 | 2 | 3, space: string) =>
  sharp(data, { raw: { width: 2, height: data.length / channels / 2, channels } })
    .toColourspace(space)
    .png()
    .toBuffer()

/** An indexed PNG made one of grey values (PNG specification, section 11.2.1): one row, packed by hand. */
const packedGrey = (bits: number, row: ReadonlyArray<number>, width: number): Uint8Array => {
  const chunk = (name: string, content: Uint8Array) => {
    const named = Buffer.concat([Buffer.from(name, "latin1"), content])
    const ends = Buffer.alloc(8)
    ends.writeUInt32BE(content.length, 0)
    ends.writeUInt32BE(crc32(named), 4)
    return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(1, 4)
  header[8] = bits
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Uint8Array.of(0, ...row))),
    chunk("IEND", new Uint8Array(0))
  ])
}

describe("masks", () => {
  it("of grey hold values, of 8 bits or 16, whatever their transparency", async () => {
    const wanted = [
      [0, 2],
      [2, 1],
      [16, 1]
    ]
    expect(await counted(await png(Uint8Array.of(1, 3, 1, 17), 1, "b-w"))).toEqual(wanted)
    expect(await counted(await png(Uint16Array.of(1, 3, 1, 17), 1, "grey16"))).toEqual(wanted)
    expect(await counted(await png(Uint8Array.of(1, 255, 3, 0, 1, 9, 17, 255), 2, "b-w"))).toEqual(wanted)
    // A grey of more than 8 bits is no smaller one.
    await expect(counted(await png(Uint16Array.of(257, 1), 1, "grey16"))).rejects.toThrow(
      "has 1 pixel of 257, which belongs to no class"
    )
  })

  it("of grey of fewer than 8 bits hold the values that were saved, not those stretched to white", async () => {
    expect(await counted(packedGrey(4, [0x13, 0x60], 3))).toEqual([
      [0, 1],
      [2, 1],
      [5, 1]
    ])
    expect(await counted(packedGrey(2, [0b01_11_10_01], 4))).toEqual([
      [0, 2],
      [1, 1],
      [2, 1]
    ])
  })

  it("of colours hold WHDLD's", async () => {
    expect(await counted(await png(Uint8Array.of(255, 0, 0, 0, 0, 255), 3, "srgb"), WHDLD_LEGEND)).toHaveLength(2)
    await expect(counted(await png(Uint8Array.of(3, 3, 3, 1, 1, 1), 3, "srgb"), WHDLD_LEGEND)).rejects.toThrow(
      "has 1 pixel of #030303, which belongs to no class"
    )
  })

  it("of a palette hold indices, and are refused where a colour of theirs stands for two", async () => {
    const indices = Uint8Array.of(1, 2, 2, 2)
    expect(await counted(encodeIndexedPng(indices, 2, 2, [0, 0x0a0b0c, 0x0d0e0f, 0, 0]))).toEqual([
      [0, 1],
      [1, 3]
    ])
    await expect(counted(encodeIndexedPng(Uint8Array.of(0, 1, 1, 1), 2, 2, [7, 8]))).rejects.toThrow(
      `${file}: has 1 pixel of #000007, which has the index 0 in its palette and belongs to no class. Get the mask again`
    )
    await expect(counted(encodeIndexedPng(indices, 2, 2, [0, 5, 9, 9]))).rejects.toThrow(
      `${file}: has 3 pixels of #000009, which its palette holds twice (2 and 3), so their class is unknown. ` +
        "Save the mask with distinct colours, or as grey values."
    )
  })
  it("of a palette that a program made anew are refused, where colours tell that indices are others than published", async () => {
    const [red, blue] = [0xff0000, 0x0000ff]
    // Building is published as the index 1, water as 6.
    expect(
      await counted(encodeIndexedPng(Uint8Array.of(1, 6, 6, 6), 2, 2, [0, red, 1, 2, 3, 4, blue]), WHDLD_LEGEND)
    ).toEqual([
      [1, 1],
      [5, 3]
    ])
    for (const palette of [
      [red, blue],
      [0, blue, red]
    ]) {
      const indices = Uint8Array.from({ length: 4 }, () => palette.indexOf(blue))
      await expect(counted(encodeIndexedPng(indices, 2, 2, palette), WHDLD_LEGEND)).rejects.toThrow(
        `${file}: has 4 pixels of #0000ff, which has the index 1 in its palette, not that of its class. Save the mask with`
      )
    }
  })
})
