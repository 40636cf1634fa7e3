/** Reads every array of one file: tif, jpg, png, npy or safetensors. */
import { readFile } from "node:fs/promises"
import { extname } from "node:path"
import { messageOf } from "../../../pipeline/words.ts"
import type { Pixels } from "../../elements.ts"
import { MAX_VALUES } from "../../formats/bounds.ts"
import { DataError } from "../../formats/data-error.ts"
import { pixelsOf } from "../../formats/dtypes.ts"
import { decodeNpy } from "../../formats/npy.ts"
import { decodeSafetensors } from "../../formats/safetensors/read.ts"
import { decodeTiffBands } from "../../formats/tiff/read.ts"
import { EUROSAT_BANDS, isEurosatFile } from "../archives/eurosat/names.ts"
import { openPicture } from "../archives/shared/open-picture.ts"
import { unnamedBands } from "../patches/bands.ts"
import type { Note } from "../patches/noted.ts"
import type { Layer } from "./layer-facts.ts"
import { channelNames, patchOfFile } from "./layer-names.ts"

const tiffLayers = async (bytes: Uint8Array, file: string): Promise<ReadonlyArray<Layer>> => {
  const bands = await decodeTiffBands(bytes, file)
  const eurosat = bands.length === EUROSAT_BANDS.length && isEurosatFile(patchOfFile(file).patch)
  const names = eurosat ? EUROSAT_BANDS : unnamedBands(bands.length, bands[0].dtype)
  return bands.map(({ height, width, ...band }, i) => ({ ...band, name: names[i], shape: [height, width] }))
}

/**
 * Pixels as the file has them, colour profiles left alone: 8 or 16 bits; fewer are stretched, so that the largest is white.
 */
const imageLayers = async (bytes: Uint8Array, file: string, note: Note): Promise<ReadonlyArray<Layer>> => {
  try {
    const { image, metadata } = await openPicture(bytes, file, { maxValues: MAX_VALUES, note })
    const { channels: count = 3, depth } = metadata
    const deep = depth === "ushort"
    const raw = image.toColourspace(deep ? "rgb16" : "srgb").raw({ depth: deep ? "ushort" : "uchar" })
    const { data, info } = await raw.toBuffer({ resolveWithObject: true })
    const dtype = deep ? "uint16" : "uint8"
    const pixels = pixelsOf(dtype, new Uint8Array(data))
    const names = channelNames(count)
    return names.map((name, i) => {
      // Grey is decoded as three equal colours, with transparency last.
      const channel = i === names.length - 1 && name === "Alpha" ? info.channels - 1 : i
      const band = pixels.slice(0, info.height * info.width) as Pixels
      for (let i = 0, from = channel; i < band.length; i++, from += info.channels) band[i] = pixels[from]
      return { name, dtype, shape: [info.height, info.width], data: band }
    })
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw new DataError({
      subject: file,
      problem: `cannot be read as an image (${messageOf(cause)})`,
      remedy: "Get the file again: it is damaged, or not of the kind that its name says",
      cause
    })
  }
}

type Decode = (bytes: Uint8Array, file: string, note: Note) => ReadonlyArray<Layer> | Promise<ReadonlyArray<Layer>>

const DECODERS: Readonly<Record<string, Decode>> = {
  ".tif": tiffLayers,
  ".tiff": tiffLayers,
  ".jpg": imageLayers,
  ".jpeg": imageLayers,
  ".png": imageLayers,
  ".npy": (bytes, file) => [{ name: "Data", ...decodeNpy(bytes, file) }],
  ".safetensors": (bytes, file) => decodeSafetensors(bytes, file).tensors
}

const KNOWN_FILES = Object.keys(DECODERS)

const decoderOf = (file: string): Decode | undefined => DECODERS[extname(file).toLowerCase()]

/** Whether a file's name ends as one that can be read. */
export const isKnownFile = (file: string): boolean => decoderOf(file) !== undefined

/**
 * Reads every array of a file.
 *
 * @param note receives what was unusual about a file that is read nevertheless
 * @returns rejects with DataError if it cannot be read, is damaged, or of an unknown kind
 */
export const readLayers = async (file: string, note: Note): Promise<ReadonlyArray<Layer>> => {
  const decode = decoderOf(file)
  if (decode === undefined) {
    throw new DataError({
      subject: file,
      problem: "is not a file that can be inspected",
      remedy: `Give a store, an archive's folder, or a file that ends in ${KNOWN_FILES.join(", ")}`
    })
  }
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DataError({
      subject: file,
      problem: `cannot be read (${messageOf(cause)})`,
      remedy: "Check its path and that you may read it",
      cause
    })
  })
  const layers = await decode(bytes, file, note)
  const { band } = patchOfFile(file)
  return band !== undefined && layers.length === 1 ? [{ ...layers[0], name: band }] : layers
}
