/** Writes TIFF files in every way that is read, after the format's description and with no code of ours. */
import { deflateSync } from "node:zlib"
import type { Pixels } from "../../../../src/ops/elements.ts"

export interface TiffOptions {
  readonly little: boolean
  /** BigTIFF: places of 8 bytes. */
  readonly big: boolean
  readonly compression: keyof typeof PACKERS
  readonly predictor: 1 | 2 | 3
  /** Each band by itself. */
  readonly planar: boolean
  /** Rows of a strip, or the edge of tiles. */
  readonly rows: number
  readonly tiled: boolean
  /** How values are to be understood: 1, black is zero, by default. */
  readonly photometric?: number
}

/** Codes for sequences of bytes, highest bit first; begins anew shortly before the table is full, as libtiff does. */
const lzw = (bytes: Uint8Array): Uint8Array => {
  const out: Array<number> = []
  let bits = 0n
  let held = 0n
  let width = 9
  let table = new Map<string, number>()
  const put = (code: number) => {
    bits = (bits << BigInt(width)) | BigInt(code)
    held += BigInt(width)
    for (; held >= 8n; held -= 8n) out.push(Number((bits >> (held - 8n)) & 255n))
    bits &= (1n << held) - 1n
  }
  const code = (text: string) => (text.length === 1 ? text.charCodeAt(0) : (table.get(text) as number))
  put(256)
  let before = ""
  for (const byte of bytes) {
    const longer = before + String.fromCharCode(byte)
    if (longer.length === 1 || table.has(longer)) before = longer
    else {
      put(code(before))
      table.set(longer, 258 + table.size)
      before = String.fromCharCode(byte)
      if (258 + table.size === 1 << width && width < 12) width++
      if (258 + table.size === 4095) {
        put(256)
        table = new Map()
        width = 9
      }
    }
  }
  if (before !== "") put(code(before))
  // The reader has defined a sequence more by now than has been needed here.
  if (258 + table.size + 1 === 1 << width && width < 12) width++
  put(257)
  if (held > 0n) out.push(Number((bits << (8n - held)) & 255n))
  return Uint8Array.from(out)
}

/** Runs of equal bytes, and of others. */
const packBits = (bytes: Uint8Array): Uint8Array => {
  const out: Array<number> = []
  for (let i = 0; i < bytes.length; ) {
    let run = 1
    while (run < 128 && bytes[i + run] === bytes[i]) run++
    if (run > 1) out.push(257 - run, bytes[i])
    else out.push(0, bytes[i], 128)
    i += run
  }
  return Uint8Array.from(out)
}

/** One frame of one block that is not packed (RFC 8878): Node 20 has no packer. */
const zstd = (bytes: Uint8Array): Uint8Array => {
  const header = Buffer.alloc(12)
  header.writeUInt32LE(0xfd2fb528, 0)
  header[4] = 0b1010_0000
  header.writeUInt32LE(bytes.length, 5)
  header.writeUIntLE(1 | (bytes.length << 3), 9, 3)
  return Buffer.concat([header, bytes])
}

const PACKERS = {
  none: [1, (bytes: Uint8Array) => bytes],
  lzw: [5, lzw],
  deflate: [8, deflateSync],
  packbits: [32_773, packBits],
  zstd: [50_000, zstd]
} as const

const FORMATS = { u: 1, i: 2, f: 3 } as const

const formatOf = (data: Pixels) => {
  const letter = data.constructor.name[0].toLowerCase() as keyof typeof FORMATS
  return { bits: 8 * data.BYTES_PER_ELEMENT, format: FORMATS[letter] }
}

/** A value's bytes, highest first. */
const bytesOf = (data: Pixels, i: number): ReadonlyArray<number> =>
  [...new Uint8Array(data.slice(i, i + 1).buffer)].reverse()

/** The bytes of one piece's values, row by row, with its differences taken. */
const encodeRows = (
  rows: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>,
  samples: number,
  { little, predictor }: TiffOptions
): Uint8Array =>
  Uint8Array.from(
    rows.flatMap((values) => {
      const width = values[0].length
      const ordered = (value: ReadonlyArray<number>) => (little ? [...value].reverse() : value)
      if (predictor === 1) return values.flatMap(ordered)
      if (predictor === 3) {
        const planes = Array.from({ length: width }, (_, byte) => values.map((value) => value[byte])).flat()
        return planes.map((byte, i) => (i < samples ? byte : (byte - planes[i - samples]) & 255))
      }
      const number = (value: ReadonlyArray<number>) => value.reduce((n, byte) => (n << 8n) | BigInt(byte), 0n)
      return values.flatMap((value, i) => {
        const less = i < samples ? 0n : number(values[i - samples])
        const difference = BigInt.asUintN(8 * width, number(value) - less)
        return ordered(
          Array.from({ length: width }, (_, byte) => Number((difference >> BigInt(8 * (width - 1 - byte))) & 255n))
        )
      })
    })
  )

/** Values of the pieces of an image, in the order of the format; those behind the image's edges repeat its last. */
const piecesOf = (
  bands: ReadonlyArray<Pixels>,
  height: number,
  width: number,
  options: TiffOptions
): ReadonlyArray<Uint8Array> => {
  const { planar, rows, tiled } = options
  const columns = tiled ? rows : width
  const pieces: Array<Uint8Array> = []
  for (const together of planar ? bands.map((band) => [band]) : [bands]) {
    for (let top = 0; top < height; top += rows) {
      for (let left = 0; left < width; left += columns) {
        const down = tiled ? rows : Math.min(rows, height - top)
        const at = (row: number, column: number) =>
          Math.min(top + row, height - 1) * width + Math.min(left + column, width - 1)
        const lines = Array.from({ length: down }, (_, row) =>
          Array.from({ length: columns }, (_, column) => together.map((band) => bytesOf(band, at(row, column)))).flat()
        )
        pieces.push(PACKERS[options.compression][1](encodeRows(lines, together.length, options)))
      }
    }
  }
  return pieces
}

/**
 * A file of these bands, all of one type and size.
 *
 * @param more fields of whole numbers beyond those that the image needs; they come first where a tag stands twice
 */
export const writeTiff = (
  bands: ReadonlyArray<Pixels>,
  height: number,
  width: number,
  options: TiffOptions,
  more: ReadonlyArray<readonly [tag: number, values: ReadonlyArray<number>]> = []
): Uint8Array => {
  const { big, little, planar, predictor, rows, tiled } = options
  const pieces = piecesOf(bands, height, width, options)
  const { bits, format } = formatOf(bands[0])
  const place = big ? 8 : 4
  const head = big ? 16 : 8
  const offsets = pieces.map((_, i) => head + pieces.slice(0, i).reduce((n, { length }) => n + length, 0))
  const counts = pieces.map(({ length }) => length)
  const size: ReadonlyArray<readonly [number, ReadonlyArray<number>]> = tiled
    ? [
        [322, [rows]],
        [323, [rows]],
        [324, offsets],
        [325, counts]
      ]
    : [
        [278, [rows]],
        [273, offsets],
        [279, counts]
      ]
  const fields = [
    ...more,
    [256, [width]],
    [257, [height]],
    [258, bands.map(() => bits)],
    [259, [PACKERS[options.compression][0]]],
    [262, [options.photometric ?? 1]],
    [277, [bands.length]],
    [284, [planar ? 2 : 1]],
    [317, [predictor]],
    [339, bands.map(() => format)],
    ...size
  ].sort(([a], [b]) => Number(a) - Number(b)) as ReadonlyArray<readonly [number, ReadonlyArray<number>]>
  const start = head + counts.reduce((n, count) => n + count, 0)
  const directory = start + fields.reduce((n, [, { length }]) => n + (length * place > place ? length * place : 0), 0)
  const [countBytes, entry] = big ? [8, 20] : [2, 12]
  const bytes = Buffer.alloc(directory + countBytes + entry * fields.length + place)
  const put = (at: number, value: number, width: number) => {
    const text = BigInt(value)
      .toString(16)
      .padStart(2 * width, "0")
    const number = Buffer.from(text, "hex")
    bytes.set(little ? number.reverse() : number, at)
  }
  bytes.fill(little ? "I" : "M", 0, 2)
  put(2, big ? 43 : 42, 2)
  if (big) put(4, 8, 2)
  put(head - place, directory, place)
  for (const [i, piece] of pieces.entries()) bytes.set(piece, offsets[i])
  put(directory, fields.length, countBytes)
  let beyond = start
  for (const [i, [tag, values]] of fields.entries()) {
    const at = directory + countBytes + entry * i
    put(at, tag, 2)
    put(at + 2, big ? 16 : 4, 2)
    put(at + 4, values.length, place)
    put(at + 4 + place, values.length === 1 ? values[0] : beyond, place)
    for (const value of values.length === 1 ? [] : values) {
      put(beyond, value, place)
      beyond += place
    }
  }
  return bytes
}

/** Where a field stands in the first directory of a little-endian file. */
export const fieldAt = (bytes: Buffer, tag: number): number => {
  const directory = bytes.readUInt32LE(4)
  const count = bytes.readUInt16LE(directory)
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i
    if (bytes.readUInt16LE(at) === tag) return at
  }
  throw new Error(`there is no tag ${tag}`)
}
