/** Reads your own archives in arrays; see `arrays.ts` for their files. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { counted } from "../../../../pipeline/words.ts"
import type { Band, Pixels } from "../../../elements.ts"
import { checkValues, IMAGE_BOUND } from "../../../formats/bounds.ts"
import { DataError } from "../../../formats/data-error.ts"
import { unnamedBands } from "../../patches/bands.ts"
import type { ArchiveOptions, PatchEntry, Reader } from "../data-set.ts"
import { classFile, classLines } from "../shared/class-file.ts"
import { namesOf, ownClasses } from "../shared/class-list.ts"
import { finding } from "../shared/findings.ts"
import { labelsFile, readLabelTable } from "../shared/table-set.ts"
import { type ArrayFile, openArray, readBits, readItem } from "./array-file.ts"

const IMAGES = ["images.npy", "images.safetensors"]
const LABELS = ["labels.csv", "labels.npy"]

interface Labels {
  readonly names: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
  /** uint8 [images, classes]. */
  readonly values: ArrayLike<number>
}

const refuse = (subject: string, problem: string, remedy: string): never => {
  throw new DataError({ subject, problem, remedy })
}

/** Labels as an array [images, classes] of 0 and 1. `classes.txt` names the classes, one per line; otherwise they are numbers. */
const labelsArray = async (folder: string, from: string): Promise<Labels> => {
  const { bits: values, shape } = await readBits(from, "labels")
  const [count, width] = shape
  if (shape.length !== 2) {
    return refuse(from, `holds labels of shape [${shape.join(", ")}]`, "Give one row of 0 and 1 per image")
  }
  const named = (await classLines(folder)) ?? []
  if (named.length > 0 && (named.length !== width || new Set(named).size !== width)) {
    return refuse(
      classFile(folder),
      `names ${counted(new Set(named).size, "class", "classes")}, but labels have ${width}`,
      "Give one class per line"
    )
  }
  const digits = String(count - 1).length
  return {
    names: Array.from({ length: count }, (_, i) => String(i).padStart(digits, "0")),
    classes: named.length > 0 ? named : Array.from({ length: width }, (_, i) => String(i)),
    values
  }
}

const readLabels = async (folder: string, images: ArrayFile, asked: string | undefined): Promise<Labels> => {
  const within = images.file.endsWith(".safetensors")
  if (asked === undefined && within && !LABELS.some((name) => existsSync(join(folder, name)))) {
    return labelsArray(folder, images.file)
  }
  const file = labelsFile(folder, asked, LABELS)
  if (/\.(npy|safetensors)$/.test(file)) return labelsArray(folder, file)
  const { classes, labels, names } = await readLabelTable(file)
  return { classes, names, values: labels }
}

/** Rows, columns and channels of one image. */
const sizesOf = ({ file, shape }: ArrayFile, layout: ArchiveOptions["layout"]) => {
  const axes = shape.slice(1)
  if (axes.length !== 2 && axes.length !== 3) {
    return refuse(file, `has the shape [${shape.join(", ")}]`, "Give images as [n, h, w, c], [n, c, h, w] or [n, h, w]")
  }
  const [height, width, channels] =
    axes.length === 2 ? [axes[0], axes[1], 1] : layout === "hwc" ? axes : [axes[1], axes[2], axes[0]]
  // Hundreds of channels in a handful of rows: the axes are in the other order.
  const many = channels > 32 && Math.min(height, width) <= 16
  // The image is square only in the other order. An image that is not square but has as many channels as columns (as rows,
  // with channels first) does not occur.
  const square = height !== width && channels === (layout === "hwc" ? width : height)
  if (axes.length === 2 || !(many || square)) return { height, width, channels }
  return refuse(
    file,
    `has the shape [${shape.join(", ")}], which \`layout: ${layout}\` reads as ${channels} channels`,
    `Set \`layout: ${layout === "hwc" ? "chw" : "hwc"}\``
  )
}

const bandNamesOf = (images: ArrayFile, channels: number, given: ReadonlyArray<string> | undefined) => {
  if (given === undefined) return unnamedBands(channels, images.dtype)
  if (given.length === channels) return given
  return refuse(
    images.file,
    `has ${counted(channels, "channel")}, but ${counted(given.length, "name is", "names are")} given (${given.join(", ")})`,
    "Give `bands` a name for each channel; see also `layout`"
  )
}

/** One channel of an image whose channels are last. */
const channelOf = (pixels: Pixels, channels: number, channel: number): Pixels => {
  const band = pixels.slice(0, pixels.length / channels)
  for (let i = 0, from = channel; i < band.length; i++, from += channels) band[i] = pixels[from]
  return band
}

export const open: Reader["open"] = async (folder, { bands, labels: asked, layout }) => {
  const file = IMAGES.find((name) => existsSync(join(folder, name)))
  if (file === undefined) return refuse(folder, `holds neither ${IMAGES.join(" nor ")}`, "Put the images there")
  const images = await openArray(join(folder, file), "images")
  const { channels } = sizesOf(images, layout)
  const names = bandNamesOf(images, channels, bands)
  const labels = await readLabels(folder, images, asked)
  if (labels.names.length !== images.shape[0]) {
    return refuse(
      folder,
      `holds ${images.shape[0]} images, but ${labels.names.length} rows of labels`,
      "Give a row each"
    )
  }
  const width = labels.classes.length
  const rows = new Map(labels.names.map((name, row) => [name, row]))
  const vector = (row: number) => Uint8Array.from({ length: width }, (_, c) => labels.values[row * width + c])
  return {
    classes: ownClasses(labels.classes),
    names: labels.names,
    findings: finding(
      "images have no label",
      labels.names.filter((_, row) => !vector(row).includes(1)),
      "note",
      "Reading leaves them out; nothing is to be done"
    ),
    entry: async (name): Promise<PatchEntry> => {
      const row = rows.get(name)
      if (row === undefined) return refuse(folder, `has no patch ${name}`, "Make the splits again")
      return {
        name,
        folder,
        files: { images: file },
        facts: { row: String(row), layout, bands: JSON.stringify(names) },
        labels: namesOf(vector(row), labels.classes)
      }
    }
  }
}

export const decode: Reader["decode"] = async ({ facts: { bands, layout, row }, files, folder }, { maxValues }) => {
  const array = await openArray(join(folder, files.images), "images")
  const { channels, height, width } = sizesOf(array, layout as ArchiveOptions["layout"])
  checkValues([height, width, channels], array.file, { ...IMAGE_BOUND, most: maxValues })
  const pixels = await readItem(array, Number(row))
  const plane = height * width
  const one = (c: number) =>
    layout === "hwc" ? channelOf(pixels, channels, c) : pixels.slice(c * plane, (c + 1) * plane)
  return (JSON.parse(bands) as ReadonlyArray<string>).map(
    (name, c): Band => ({ name, dtype: array.dtype, height, width, data: one(c) })
  )
}
