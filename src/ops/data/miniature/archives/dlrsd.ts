import { nomenclatureOf } from "../../archives/shared/nomenclatures.ts"
import type { PictureArchive } from "../pictures.ts"
import { encodeIndexedPng } from "../png.ts"
import { tif } from "./files.ts"
import { ucm } from "./ucm.ts"

/** Colours do not count: any 18 that differ. */
const PALETTE = Array.from({ length: 18 }, (_, i) => (i * 0x0e2d47) % 0xffffff)

/** DLRSD: UC Merced's pictures, and masks with a palette in `Labels/`; no table, so that labels come from the masks. */
export const dlrsd: PictureArchive = {
  ...ucm,
  kind: "dlrsd",
  nomenclature: nomenclatureOf("DLRSD"),
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
}
