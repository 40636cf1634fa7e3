/** Files that are dropped on the page: read by the product's own readers, embedded in the page, sent nowhere. */

import { channelNames, patchOfFile } from "../../../data/inspect/layer-names.ts"
import { unnamedBands } from "../../../data/patches/bands.ts"
import { normalised } from "../../../data/patches/moments/normalised.ts"
import { shapedByArea } from "../../../data/patches/pixels/area.ts"
import { cropped } from "../../../data/patches/pixels/cropped.ts"
import { imageOf } from "../../../data/patches/reading/make-patch.ts"
import type { Band, Patch } from "../../../elements.ts"
import { decodeTiffBands } from "../../../formats/tiff/read.ts"
import { normaliseRows } from "../../../retrieve/unit-length.ts"
import { stretchOf, trueColour } from "../../pictures/true-colour.ts"
import type { NetworkPart } from "../kit/network.ts"
import { shownBands } from "../shown-bands.ts"
import { part } from "./load.ts"
import { openOnnx } from "./network/onnx.ts"
import { type Embed, openOwn } from "./network/own.ts"
import type { Uploaded } from "./results.ts"

/** Pixels of a jpg or png as the browser decodes them, without colour profiles. */
const pictureBands = async (file: File): Promise<ReadonlyArray<Band>> => {
  const head = new Uint8Array(await file.slice(0, 26).arrayBuffer())
  const png = head[0] === 0x89 && head[1] === 0x50
  if (png && head[24] === 16) throw new Error(`${file.name}: has 16 bits per channel. Convert it to a TIFF.`)
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" }).catch(() => {
    throw new Error(`${file.name}: cannot be read as an image. Give a TIFF, PNG or JPEG.`)
  })
  const { height, width } = bitmap
  const context = new OffscreenCanvas(width, height).getContext("2d")
  if (context === null) throw new Error(`${file.name}: the browser gives no canvas. Use another browser.`)
  context.drawImage(bitmap, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  const [grey, alpha] = png ? [head[25] === 0 || head[25] === 4, head[25] === 4 || head[25] === 6] : [false, false]
  const names = channelNames((grey ? 1 : 3) + (alpha ? 1 : 0))
  return names.map((name, i): Band => {
    const channel = name === "Alpha" ? 3 : i
    const values = new Uint8Array(height * width)
    for (let pixel = 0; pixel < values.length; pixel++) values[pixel] = data[4 * pixel + channel]
    return { name, dtype: "uint8", height, width, data: values }
  })
}

/** Bands of one file, named as `images` names them. */
const bandsIn = async (file: File): Promise<ReadonlyArray<Band>> => {
  const { band } = patchOfFile(file.name)
  if (!/\.tiff?$/i.test(file.name)) return pictureBands(file)
  const rasters = await decodeTiffBands(new Uint8Array(await file.arrayBuffer()), file.name)
  const names = unnamedBands(rasters.length, rasters[0].dtype)
  return rasters.map((raster, i) => ({ ...raster, name: band !== undefined && rasters.length === 1 ? band : names[i] }))
}

/** The image after all steps before the network. */
const prepared = (bands: ReadonlyArray<Band>, name: string, network: NetworkPart): Patch => {
  const { names, rule, unit } = network
  if (names !== undefined && names.length !== bands.length)
    throw new Error(`${name}: has ${bands.length} bands, but ${names.length} are expected (${names.join(", ")}).`)
  const present = names === undefined ? bands : bands.map((band, i) => ({ ...band, name: names[i] }))
  const image = imageOf(present, { bands: network.bands, unit, rule, maxValues: network.maxValues }, name)
  const patch: Patch = { kind: "patch", name, index: 0, epoch: 0, ...image, labels: new Uint8Array(0), classes: [] }
  let sized = patch
  for (const step of network.sizes) {
    if ("crop" in step) sized = cropped(sized, step.crop, "centre", 0)
    else sized = { ...sized, ...shapedByArea(sized, step.resize, step.resize) }
  }
  if (network.moments === undefined) return sized
  return { ...sized, image: normalised(sized.image, sized.bands, network.moments, name) }
}

const EDGE = 112

/** A picture of a file, by its own range of values. */
const pictureOf = (bands: ReadonlyArray<Band>, name: string, shown: NetworkPart["shown"]): HTMLCanvasElement => {
  const canvas = document.createElement("canvas")
  canvas.width = EDGE
  canvas.height = EDGE
  const rgb = shownBands(name, bands, shown)
  const { data } = trueColour(
    rgb,
    [0, 1, 2].map((c) => stretchOf([rgb[c]])),
    EDGE
  )
  const pixels = new ImageData(EDGE, EDGE)
  for (let i = 0; i < EDGE * EDGE; i++) {
    pixels.data.set(data.subarray(3 * i, 3 * i + 3), 4 * i)
    pixels.data[4 * i + 3] = 255
  }
  canvas.getContext("2d")?.putImageData(pixels, 0, 0)
  return canvas
}

/** The network, loaded when the first file arrives. */
let opened: Promise<{ readonly steps: NetworkPart; readonly embed: Embed }> | undefined

const openNetwork = () => {
  opened ??= part<NetworkPart>("network").then(async (steps) => {
    const { network } = steps
    return { steps, embed: "model" in network ? openOwn(network) : await openOnnx(network) }
  })
  return opened
}

/**
 * Reads and embeds an image: one file, or the files of a patch's bands.
 *
 * @param dim values of the embeddings of the archive
 * @returns rejects with an error that names the file
 */
export const embedFiles = async (files: ReadonlyArray<File>, dim: number): Promise<Uploaded> => {
  const [first] = files
  const patches = new Set(files.map(({ name }) => patchOfFile(name).patch))
  if (patches.size > 1)
    throw new Error(
      `${[...patches].slice(0, 3).join(", ")}: are several images. Drop one image, or the bands of one patch.`
    )
  const name = patchOfFile(first.name).patch
  const { embed, steps } = await openNetwork()
  const bands = (await Promise.all(files.map(bandsIn))).flat()
  const values = await embed(prepared(bands, name, steps))
  if (values.length !== dim)
    throw new Error(
      `${name}: its embedding has ${values.length} values, but the embeddings of the archive have ${dim}.`
    )
  const vector = Float64Array.from(normaliseRows(values, dim))
  if (!vector.every(Number.isFinite)) throw new Error(`${name}: its embedding is not finite. Check its pixels.`)
  return { name, vector, picture: pictureOf(bands, name, steps.shown) }
}
