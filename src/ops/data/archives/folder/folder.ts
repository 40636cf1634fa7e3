import { dataSet } from "../data-set.ts"
import { holdsAny } from "../shared/glance.ts"

/**
 * Your own archive, as images in a folder.
 *
 * - Images anywhere below the folder: jpg and png as three colours of uint8, tif with any number of bands and any pixel
 *   type. `bands` names the bands.
 * - Labels: `labels.csv`, `multi-labels.csv` or `labels.tsv` with a header `image,CLASS,...` and one row of 0 and 1 per
 *   image. Images are named by their stem, or by their path if any name in the table has a folder; patches are then named
 *   by path, too.
 * - Classes: the header of the table.
 * - Splits: none; `split` draws them or reads lists.
 */
export const folder = dataSet({
  name: "folder",
  about: "Your own: any images below a folder, and `labels.csv` with a header `image,CLASS,...` and rows of 0 and 1.",
  classes: [],
  published: undefined,
  masks: undefined,
  options: ["bands", "labels"],
  recognises: (path) =>
    holdsAny(path, "labels.csv", "labels.tsv") && !holdsAny(path, "images.npy", "images.safetensors"),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
