import { fifths, png, tableText } from "../../miniature/picture-files.ts"
import { pictures } from "../../miniature/picture-set.ts"
import { DFC15 } from "./classes.ts"

/** DFC15: numbered pngs. Some numbers are padded with zeros in file names, never in the table. */
export const { classes, open } = pictures({
  classes: DFC15,
  edge: 600,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) =>
    Array.from({ length: count }, (_, i) => (i % 7 === 2 ? String(i + 1).padStart(4, "0") : `${i + 1}`)),
  fileOf: (name, i) => `images_${fifths(i) === "train" ? "tr" : "test"}/${name}.png`,
  splitOf: fifths,
  encode: png,
  tables: (rows) => ({
    "multilabel.csv": tableText(
      "image",
      DFC15.classes,
      rows.map(({ labels, name }) => ({ labels, name: String(Number(name)) }))
    )
  })
})
