/** Labels from masks: a class is a label of an image if its mask has enough pixels of the class. */
import { counted, messageOf } from "../../../../pipeline/words.ts"
import { MAX_VALUES } from "../../../formats/bounds.ts"
import { DataError } from "../../../formats/data-error.ts"
import { openPicture } from "./open-picture.ts"
import { readArchiveFile } from "./read-file.ts"

/** Classes of a mask by its values or colours. */
export interface Legend {
  readonly classes: number
  /** The class of a value or palette index; `undefined` if it belongs to none. */
  readonly ofValue: (value: number) => number | undefined
  /** The class of a colour (0xRRGGBB), for masks of colours without a palette. */
  readonly ofColour: (colour: number) => number | undefined
}

type Refuse = (problem: string, remedy?: string) => never

/** Colours of a PNG's palette by index; `undefined` if it has no palette. */
const paletteOf = (bytes: Uint8Array): ReadonlyArray<number> | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Only in images of type 3 are pixels indices; a palette beside pixels of three colours is a suggestion for displays.
  if (bytes.length < 26 || view.getUint32(0) !== 0x89504e47 || bytes[25] !== 3) return undefined
  // Chunks follow the eight bytes of the signature: length, name, contents, check sum (PNG specification, section 5).
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) !== 0x504c5445) continue // "PLTE"
    const length = view.getUint32(at)
    if (at + 8 + length > bytes.length) return undefined
    return Array.from({ length: Math.floor(length / 3) }, (_, i) => view.getUint32(at + 7 + 3 * i) & 0xffffff)
  }
  return undefined
}

const hex = (colour: number): string => `#${colour.toString(16).padStart(6, "0")}`

/** The index of a colour in the palette: decoded pixels are colours, but the index decides. */
const indexOf = (palette: ReadonlyArray<number>, colour: number, refuse: Refuse): number => {
  const index = palette.indexOf(colour)
  const other = palette.indexOf(colour, index + 1)
  if (index < 0 || other < 0) return index
  return refuse(
    `of ${hex(colour)}, which its palette holds twice (${index} and ${other}), so their class is unknown`,
    "Save the mask with distinct colours, or as grey values"
  )
}

/** The class of an index. It is refused if its colour belongs to another class, because some programs rewrite palettes. */
const classOfIndex = (legend: Legend, palette: ReadonlyArray<number>, colour: number, refuse: Refuse): number => {
  const index = indexOf(palette, colour, refuse)
  const found = legend.ofValue(index)
  const told = legend.ofColour(colour)
  if (found !== undefined && (told === undefined || told === found)) return found
  const of = `of ${hex(colour)}, which has the index ${index} in its palette`
  if (told === undefined) return refuse(`${of} and belongs to no class`)
  return refuse(
    `${of}, not that of its class`,
    "Save the mask with the palette that it was published with, or as colours"
  )
}

/** Pixels per value, or per colour. */
const histogram = ({ channels, data }: MaskPixels): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  for (let at = 0; at < data.length; at += channels) {
    const value = channels < 3 ? data[at] : (data[at] << 16) | (data[at + 1] << 8) | data[at + 2]
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return counts
}

/** Grey values or colours, interleaved. */
interface MaskPixels {
  readonly channels: number
  readonly data: Uint8Array | Uint16Array
}

/** Transparency and colour profiles are ignored. */
const decodeMask = async (bytes: Uint8Array, file: string): Promise<MaskPixels> => {
  const { image, metadata } = await openPicture(bytes, file, { maxValues: MAX_VALUES, note: () => undefined })
  const { bitsPerSample = 8, space } = metadata
  if (space === "grey16") {
    const data = await image.removeAlpha().toColourspace("grey16").raw({ depth: "ushort" }).toBuffer()
    return { channels: 1, data: new Uint16Array(Uint8Array.from(data).buffer) }
  }
  // By default sharp makes three colours of grey.
  const grey = space === "b-w"
  const { data, info } = await image
    .removeAlpha()
    .toColourspace(grey ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
  // sharp stretches values of fewer than 8 bits, so that the largest one is white.
  const step = grey && bitsPerSample < 8 ? 255 / (2 ** bitsPerSample - 1) : 1
  return { channels: info.channels, data: step === 1 ? data : data.map((value) => value / step) }
}

/**
 * Number of pixels of each class in a mask: by the index in a palette, by the value of grey pixels, otherwise by colour.
 *
 * @returns float64 [classes]; rejects with DataError if the file is missing or damaged, has a value of no class, or a
 *   colour that its palette holds twice
 */
export const countMask = async (file: string, legend: Legend): Promise<Float64Array> => {
  const bytes = await readArchiveFile(file, "is missing: the mask of an image")
  const refuse = (
    problem: string,
    remedy = "Get the mask again, or give labels as a table",
    cause?: unknown
  ): never => {
    throw new DataError({ subject: file, problem, remedy, cause })
  }
  const pixels = await decodeMask(bytes, file).catch((cause: unknown) => {
    if (cause instanceof DataError) throw cause
    return refuse(`cannot be read as an image (${messageOf(cause)})`, undefined, cause)
  })
  const grey = pixels.channels < 3
  const palette = grey ? undefined : paletteOf(bytes)
  const classOf = (value: number, refusePixels: Refuse): number | undefined => {
    if (grey) return legend.ofValue(value)
    return palette === undefined ? legend.ofColour(value) : classOfIndex(legend, palette, value, refusePixels)
  }
  const counts = new Float64Array(legend.classes)
  for (const [value, count] of histogram(pixels)) {
    const refusePixels: Refuse = (problem, remedy) => refuse(`has ${counted(count, "pixel")} ${problem}`, remedy)
    const index = classOf(value, refusePixels)
    if (index === undefined) return refusePixels(`of ${grey ? value : hex(value)}, which belongs to no class`)
    counts[index] += count
  }
  return counts
}
