import { dataSet } from "../data-set.ts"
import { firstNames } from "../shared/glance.ts"

/** Whether a folder holds shards and nothing that another data set would have. */
const onlyShards = (folder: string): boolean =>
  firstNames(folder, "folder").length === 0 && firstNames(folder, "file").some((name) => /\.tar$/i.test(name))

/**
 * A WebDataset: your own images in tar files, the shards.
 *
 * - `NAME.jpg`, `.png` or `.tif` with any ending before it (`NAME.rgb.png`); one image per sample, tifs with any bands. `bands`
 *   names them.
 * - Labels: `NAME.cls` (the name or number of a class) or `NAME.json` (`labels`, `label` or `classes`: names or numbers; its other
 *   texts and numbers are facts).
 * - Classes: `classes.txt` (one per line, also the names of numbers), otherwise the sorted list of labels that occur.
 * - Splits: shards or folders whose names begin with `train`, `val` or `test`.
 *
 * https://github.com/webdataset/webdataset
 */
export const webdataset = dataSet({
  name: "webdataset",
  about: "Your own: tar files with `NAME.jpg`, png or tif, and `NAME.cls` or `NAME.json` with labels.",
  classes: [],
  published: undefined,
  masks: undefined,
  options: ["bands"],
  recognises: onlyShards,
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
