import { nomenclatureOf } from "../../archives/shared/nomenclatures.ts"
import type { PictureArchive } from "../pictures.ts"
import { byScene, fifths, jpg, table } from "./files.ts"

const AID_SCENES =
  "Airport BareLand BaseballField Beach Bridge Center Church Commercial DenseResidential Desert Farmland Forest Industrial Meadow MediumResidential Mountain Park Parking Playground Pond Port RailwayStation Resort River School SparseResidential Square Stadium StorageTanks Viaduct".split(
    " "
  )

/** AID with its multi-labels. */
export const aid: PictureArchive = {
  kind: "aid",
  nomenclature: nomenclatureOf("AID"),
  edge: 600,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) => byScene(AID_SCENES, count, (scene, i) => `${scene.toLowerCase()}_${i + 1}`),
  fileOf: (name, i) => {
    const scene = AID_SCENES.find((one) => one.toLowerCase() === name.slice(0, name.indexOf("_")))
    return `images_${fifths(i) === "train" ? "tr" : "test"}/${scene}/${name}.jpg`
  },
  splitOf: fifths,
  encode: jpg,
  tables: (rows) => ({
    "multilabel.csv": table(
      "image",
      aid.nomenclature.classes,
      // The original's table names images in capitals where files are in small letters.
      rows.map(({ labels, name }) => ({ labels, name: name[0].toUpperCase() + name.slice(1) }))
    )
  })
}
