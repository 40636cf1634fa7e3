import { encodeIndexedPng } from "../../miniature/indexed-png.ts"
import { tif } from "../../miniature/picture-files.ts"
import { pictures } from "../../miniature/picture-set.ts"
import { UCM_PICTURES } from "../ucm/miniature.ts"
import { DLRSD } from "./classes.ts"

/** The colours do not matter: any 18 that differ. */
const PALETTE = Array.from({ length: 18 }, (_, i) => (i * 0x0e2d47) % 0xffffff)

/** DLRSD: UC Merced's pictures, and masks with a palette in `Labels/`; without a table, so that labels come from the masks. */
export const { classes, open } = pictures({
  ...UCM_PICTURES,
  classes: DLRSD,
  sizeOf: (_, edge) => [edge, edge],
  encode: async (picture, file, index) => ({
    ...(await tif(picture, file, index)),
    [file.replace("Images/", "Labels/").replace(".tif", ".png")]: encodeIndexedPng(
      picture.classes.map((one) => one + 1),
      picture.height,
      picture.width,
      PALETTE
    )
  }),
  tables: () => ({})
})
