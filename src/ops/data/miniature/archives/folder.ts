import { ownNomenclature } from "../../archives/shared/nomenclatures.ts"
import type { PictureArchive } from "../pictures.ts"
import { image, jpg, png, table, tif } from "./files.ts"

/** One's own classes. */
export const OWN_CLASSES = ["forest", "field", "town", "lake, river", "road", "beach"]

const ENDINGS = ["jpg", "png", "tif", "tiff"]
const tiled: PictureArchive["encode"] = async (picture, file) => ({
  [file]: await image(picture).tiff({ compression: "deflate", tile: true, tileWidth: 32, tileHeight: 32 }).toBuffer()
})
const ENCODERS = [jpg, png, tif, tiled]

/** An archive of one's own: jpgs, pngs, plain tifs and packed, tiled ones, in folders, and a table of labels. */
export const folder: PictureArchive = {
  kind: "folder",
  nomenclature: ownNomenclature(OWN_CLASSES),
  edge: 128,
  sizeOf: (i, edge) => [edge, edge + 4 * (i % 3)],
  names: (count) => Array.from({ length: count }, (_, i) => `image-${String(i).padStart(4, "0")}`),
  fileOf: (name, i) => `${i % 2 === 0 ? "north" : "south/coast"}/${name}.${ENDINGS[i % ENDINGS.length]}`,
  encode: (picture, file, i) => ENCODERS[i % ENCODERS.length](picture, file, i),
  tables: (rows) => ({
    "labels.csv": table(
      "image",
      OWN_CLASSES.map((name) => (name.includes(",") ? `"${name}"` : name)),
      rows
    )
  })
}
