/** Encoders, tables and names that the miniatures of several data sets use. */
import type { Sharp } from "sharp"
import { loadSharp } from "../../formats/pictures.ts"
import type { Picture } from "./picture.ts"
import type { PictureSet, Row } from "./picture-set.ts"

/** A picture that can be encoded: `(await image(picture)).png()`. */
export const image = async ({ data, height, width }: Picture): Promise<Sharp> =>
  (await loadSharp())(data, { raw: { width, height, channels: 3 } })

export const only =
  (write: (picture: Picture) => Promise<Uint8Array>): PictureSet["encode"] =>
  async (picture, file) => ({ [file]: await write(picture) })

export const jpg = only(async (picture) => (await image(picture)).jpeg({ quality: 90 }).toBuffer())
export const png = only(async (picture) => (await image(picture)).png().toBuffer())
export const tif = only(async (picture) => (await image(picture)).tiff({ compression: "none" }).toBuffer())

/** A table of labels as text: header, then a row per image. */
export const tableText = (
  corner: string,
  classes: ReadonlyArray<string>,
  rows: ReadonlyArray<Row>,
  separator = ",",
  ending = "",
  line = "\n"
): string =>
  [[corner, ...classes], ...rows.map(({ labels, name }) => [`${name}${ending}`, ...labels])]
    .map((cells) => `${cells.join(separator)}${line}`)
    .join("")

/** Names by scene, in the order of their text: `count` divided evenly among scenes. */
export const byScene = (scenes: ReadonlyArray<string>, count: number, name: (scene: string, i: number) => string) =>
  Array.from({ length: count }, (_, i) => name(scenes[i % scenes.length], Math.floor(i / scenes.length))).sort(
    (a, b) => (a < b ? -1 : 1)
  )

/** Every fifth tests, as 600 of 3,000 and 669 of 3,342 do. */
export const fifths = (i: number): "train" | "test" => (i % 5 === 4 ? "test" : "train")

/** Classes of the miniatures of your own archives. */
export const OWN_CLASSES = ["forest", "field", "town", "lake, river", "road", "beach"]

/** `OWN_CLASSES` as cells of a table: one of them holds a comma. */
export const ownHeader = OWN_CLASSES.map((name) => (name.includes(",") ? `"${name}"` : name))
