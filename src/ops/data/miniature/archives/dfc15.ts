import { nomenclatureOf } from "../../archives/shared/nomenclatures.ts"
import type { PictureArchive } from "../pictures.ts"
import { fifths, png, table } from "./files.ts"

/** DFC15: numbered pngs, some numbers padded with zeros, which the table never has. */
export const dfc15: PictureArchive = {
  kind: "dfc15",
  nomenclature: nomenclatureOf("DFC15"),
  edge: 600,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) =>
    Array.from({ length: count }, (_, i) => (i % 7 === 2 ? String(i + 1).padStart(4, "0") : `${i + 1}`)),
  fileOf: (name, i) => `images_${fifths(i) === "train" ? "tr" : "test"}/${name}.png`,
  splitOf: fifths,
  encode: png,
  tables: (rows) => ({
    "multilabel.csv": table(
      "image",
      dfc15.nomenclature.classes,
      rows.map(({ labels, name }) => ({ labels, name: String(Number(name)) }))
    )
  })
}
