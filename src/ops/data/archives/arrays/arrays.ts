import { dataSet } from "../data-set.ts"
import { holdsAny } from "../shared/glance.ts"

/**
 * Your own archive, in arrays.
 *
 * - `images.npy` or `images.safetensors` (tensor `images`) of any pixel type, shape [n, h, w, c], [n, c, h, w] (`layout:
 *   chw`) or [n, h, w]. `bands` names the channels.
 * - Labels: `labels.csv` (header `name,CLASS,...`, one row per image), or 0 and 1 as [n, classes] in `labels.npy` or the
 *   tensor `labels`, with class names in `classes.txt`.
 * - Classes: the header of the table, `classes.txt`, or numbers from 0.
 * - Splits: none; `split` draws them or reads lists.
 */
export const arrays = dataSet({
  name: "arrays",
  about: "Your own: `images.npy` or `images.safetensors`, with `labels.csv`, `labels.npy` or a tensor `labels`.",
  classes: [],
  published: undefined,
  masks: undefined,
  options: ["bands", "labels", "layout"],
  recognises: (folder) => holdsAny(folder, "images.npy", "images.safetensors"),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
