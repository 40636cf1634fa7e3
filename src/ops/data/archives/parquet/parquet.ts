import { dataSet } from "../data-set.ts"
import { looksLikeParts } from "./parts.ts"

/**
 * Images in Parquet files, as the library `datasets` of Hugging Face writes them: your own.
 *
 * - One file, or a folder of parts: `train-00000-of-00002.parquet`, also in `data/`.
 * - Images: a column `image` of mappings `{ bytes, path }`, or of bytes; jpg, png or tif, tifs with any bands. `bands` names them.
 * - Labels: a column `label` or `labels` of names or numbers, or of lists of these; `labels` names another column.
 * - Classes: the names in the metadata `huggingface`, otherwise `classes.txt`, otherwise the sorted list of labels that occur.
 * - Splits: a column `split`, or parts or folders whose names begin with `train`, `val` or `test`.
 * - Facts: the other columns of texts and numbers.
 *
 * https://huggingface.co/docs/datasets/image_dataset
 */
export const parquet = dataSet({
  name: "parquet",
  about: "Your own: Parquet files with a column of images and one of labels, as Hugging Face's `datasets` writes them.",
  classes: [],
  published: undefined,
  masks: undefined,
  options: ["bands", "labels"],
  recognises: looksLikeParts,
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
