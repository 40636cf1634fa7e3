/** Labels from masks: a class is a label of an image where its mask has enough pixels of it. */
import sharp from "sharp"
import { DataError } from "../faults.ts"
import { messageOf, readArchiveFile } from "./read-file.ts"

/** How the values of a mask name classes. */
export interface Legend {
  readonly classes: number
  /** The class of a value or palette index; `undefined` where it is none. */
  readonly ofValue: (value: number) => number | undefined
  /** The class of a colour (0xRRGGBB), for masks of colours without a palette. */
  readonly ofColour: (colour: number) => number | undefined
}

/** Colours of a PNG's palette by index; `undefined` where it has none. */
const paletteOf = (bytes: Uint8Array): ReadonlyArray<number> | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Chunks follow the eight bytes of the signature: length, name, contents, check sum (PNG specification, section 5).
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) !== 0x504c5445) continue // "PLTE"
    const length = view.getUint32(at)
    if (at + 8 + length > bytes.length) return undefined
    return Array.from({ length: Math.floor(length / 3) }, (_, i) => view.getUint32(at + 7 + 3 * i) & 0xffffff)
  }
  return undefined
}

/** The class of every colour that a mask may have. */
const colourClass = (bytes: Uint8Array, { ofColour, ofValue }: Legend): Legend["ofColour"] => {
  const palette = paletteOf(bytes)
  if (palette === undefined) return ofColour
  // The palette's index counts, not its colour; an index stands for its first colour.
  const index = new Map<number, number>()
  palette.forEach((colour, i) => {
    if (!index.has(colour)) index.set(colour, i)
  })
  return (colour) => {
    const i = index.get(colour)
    return i === undefined ? undefined : ofValue(i)
  }
}

/** Pixels per value, or per colour. */
const histogram = (data: Uint8Array, channels: number): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  for (let at = 0; at < data.length; at += channels) {
    const value = channels < 3 ? data[at] : (data[at] << 16) | (data[at + 1] << 8) | data[at + 2]
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return counts
}

/**
 * Pixels of each class in a mask; of a palette's pixels the index counts, of grey ones the value, of others the colour.
 *
 * @returns float64 [classes]; rejects with DataError where the file is missing or damaged, or has a value of no class
 */
export const countMask = async (file: string, legend: Legend): Promise<Float64Array> => {
  const bytes = await readArchiveFile(file, "is missing: the mask of an image")
  const refuse = (problem: string, cause?: unknown): never => {
    throw new DataError({ subject: file, problem, remedy: "Get the mask anew, or give labels as a table", cause })
  }
  const { data, info } = await sharp(bytes, { ignoreIcc: true })
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => refuse(`cannot be read as an image (${messageOf(cause)})`, cause))
  const classOf = info.channels < 3 ? legend.ofValue : colourClass(bytes, legend)
  const counts = new Float64Array(legend.classes)
  for (const [value, count] of histogram(data, info.channels)) {
    const index = classOf(value)
    if (index === undefined) {
      const shown = info.channels < 3 ? String(value) : `#${value.toString(16).padStart(6, "0")}`
      return refuse(`has ${count} pixels of ${shown}, which is no class`)
    }
    counts[index] += count
  }
  return counts
}
