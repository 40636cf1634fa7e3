import { encodeGeoTiff } from "../../../formats/tiff/write.ts"
import type { Picture } from "../../miniature/picture.ts"
import { jpg } from "../../miniature/picture-files.ts"
import { type PictureSet, pictures, type Row } from "../../miniature/picture-set.ts"
import { EUROSAT } from "./names.ts"

const PARTS = ["train", "train", "train", "val", "test"] as const

/** Three, one and one of five: 60, 20 and 20 %. */
const splitOf = (i: number) => PARTS[i % PARTS.length]

const lists = (rows: ReadonlyArray<Row>, ending: string) =>
  Object.fromEntries(
    (["train", "val", "test"] as const).map((split) => [
      `eurosat-${split}.txt`,
      rows
        .filter((_, i) => splitOf(i) === split)
        .map(({ name }) => `${name}.${ending}\n`)
        .join("")
    ])
  )

/** EuroSAT in three colours: one class a picture, which is its folder. */
const colours: PictureSet = {
  classes: EUROSAT,
  edge: 64,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) =>
    Array.from({ length: count }, (_, i) => {
      const { classes } = EUROSAT
      return `${classes[i % classes.length]}_${Math.floor(i / classes.length) + 1}`
    }).sort((a, b) => (a < b ? -1 : 1)),
  setOf: (name) => [EUROSAT.classes.indexOf(name.slice(0, name.indexOf("_")))],
  fileOf: (name) => `${name.slice(0, name.indexOf("_"))}/${name}.jpg`,
  splitOf,
  encode: jpg,
  tables: (rows) => lists(rows, "jpg")
}

export const { classes, open } = pictures(colours)

const BANDS = 13
const PLACE = { ulx: 600_000, uly: 5_400_000, metres: 10, epsg: 32633 }

/** Thirteen bands from three colours: each band is a mixture of them, in units of reflectance times 10,000. */
const sentinel = ({ data, height, width }: Picture): Uint8Array => {
  const values = new Uint16Array(height * width * BANDS)
  for (let i = 0; i < values.length; i++) {
    const pixel = 3 * Math.floor(i / BANDS)
    const share = (i % BANDS) / (BANDS - 1)
    values[i] = Math.round(20 * ((1 - share) * data[pixel + 2] + share * data[pixel]) + 100 * (i % BANDS))
  }
  return encodeGeoTiff(values, height, width, PLACE)
}

/** EuroSAT in 13 bands. */
export const multispectral = pictures({
  ...colours,
  fileOf: (name, i) => colours.fileOf(name, i).replace(".jpg", ".tif"),
  encode: async (picture, file) => ({ [file]: sentinel(picture) }),
  tables: (rows) => lists(rows, "tif")
})
