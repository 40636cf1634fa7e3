import { dataSet } from "../data-set.ts"
import { holdsAny } from "../shared/glance.ts"

/**
 * Your own archive, as images in a folder.
 *
 * - Images anywhere below the folder: jpg and png as three colours of uint8, tif with any number of bands and any pixel
 *   type. `bands` names the bands.
 * - Labels, the first of these that is there:
 *   `labels.csv`, `multi-labels.csv` or `labels.tsv`, with columns of 0 and 1, or one column `labels` that lists them
 *   (`forest;water`); other columns are facts, such as `date`, `latitude`, `longitude`;
 *   `labels.json`, `annotations.json`, `_annotations.coco.json` or `instances.json` in COCO's form;
 *   the folder right above an image, if it is not a usual name such as `images`. Otherwise images have no label.
 * - Names: images are named by their stem, or by their path if any name in the table has a folder or there is no table.
 * - Classes: the header of the table, the labels that occur (in the order of `classes.txt`, if it is there), the categories,
 *   or the folders.
 * - Splits: a column `split`, or folders `train`, `val` and `test`, if they are there.
 */
export const folder = dataSet({
  name: "folder",
  about:
    "Your own: any images below a folder. Labels: `labels.csv` (columns of 0 and 1, or a column `labels`), COCO's JSON, or a folder per class.",
  classes: [],
  published: undefined,
  masks: undefined,
  options: ["bands", "labels", "facts"],
  recognises: (path) =>
    holdsAny(path, "labels.csv", "labels.tsv", "labels.json", "_annotations.coco.json") &&
    !holdsAny(path, "images.npy", "images.safetensors"),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
