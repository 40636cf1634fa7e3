import { byScene, fifths, jpg, tableText } from "../../miniature/picture-files.ts"
import { pictures } from "../../miniature/picture-set.ts"
import { AID } from "./classes.ts"

const AID_SCENES =
  "Airport BareLand BaseballField Beach Bridge Center Church Commercial DenseResidential Desert Farmland Forest Industrial Meadow MediumResidential Mountain Park Parking Playground Pond Port RailwayStation Resort River School SparseResidential Square Stadium StorageTanks Viaduct".split(
    " "
  )

/** AID with its multi-labels. */
export const { classes, open } = pictures({
  classes: AID,
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
    "multilabel.csv": tableText(
      "image",
      AID.classes,
      // The published table writes names with a capital where files have small letters.
      rows.map(({ labels, name }) => ({ labels, name: name[0].toUpperCase() + name.slice(1) }))
    )
  })
})
