import { encodeIndexedPng } from "../../miniature/indexed-png.ts"
import { jpg, tableText } from "../../miniature/picture-files.ts"
import { pictures } from "../../miniature/picture-set.ts"
import { WHDLD } from "./classes.ts"

/** Value of each class in the masks, in the order of the nomenclature, and the colours of values 0 to 6. */
const VALUES = [5, 1, 3, 2, 4, 6]
const PALETTE = [0x000000, 0xff0000, 0xffff00, 0xc0c000, 0x00ff00, 0x808080, 0x0000ff]

/** WHDLD: pictures, masks with a palette, and the table of labels. */
export const { classes, open } = pictures({
  classes: WHDLD,
  edge: 256,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) => Array.from({ length: count }, (_, i) => `wh${String(i + 1).padStart(4, "0")}`),
  fileOf: (name) => `Images/${name}.jpg`,
  encode: async (picture, file, index) => ({
    ...(await jpg(picture, file, index)),
    [file.replace("Images/", "ImagesPNG/").replace(".jpg", ".png")]: encodeIndexedPng(
      picture.classes.map((one) => VALUES[one]),
      picture.height,
      picture.width,
      PALETTE
    )
  }),
  tables: (rows) => ({ "multi-labels.csv": tableText("image", WHDLD.classes, rows, ",", ".jpg") })
})
