import { image, jpg, OWN_CLASSES, ownHeader, png, tableText, tif } from "../../miniature/picture-files.ts"
import { type PictureSet, pictures } from "../../miniature/picture-set.ts"
import { ownClasses } from "../shared/class-list.ts"

const ENDINGS = ["jpg", "png", "tif", "tiff"]
const tiled: PictureSet["encode"] = async (picture, file) => ({
  [file]: await (await image(picture))
    .tiff({ compression: "deflate", tile: true, tileWidth: 32, tileHeight: 32 })
    .toBuffer()
})
const ENCODERS = [jpg, png, tif, tiled]

/** Your own archive: jpgs, pngs, plain tifs and compressed, tiled tifs in folders, and a table of labels. */
export const { classes, open } = pictures({
  classes: ownClasses(OWN_CLASSES),
  edge: 128,
  sizeOf: (i, edge) => [edge, edge + 4 * (i % 3)],
  names: (count) => Array.from({ length: count }, (_, i) => `image-${String(i).padStart(4, "0")}`),
  fileOf: (name, i) => `${i % 2 === 0 ? "north" : "south/coast"}/${name}.${ENDINGS[i % ENDINGS.length]}`,
  encode: (picture, file, i) => ENCODERS[i % ENCODERS.length](picture, file, i),
  tables: (rows) => ({ "labels.csv": tableText("image", ownHeader, rows) })
})
