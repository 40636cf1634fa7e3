import { nomenclatureOf } from "../../archives/shared/nomenclatures.ts"
import { encodeMat } from "../mat.ts"
import type { PictureArchive, Row } from "../pictures.ts"
import { byScene, table, tif } from "./files.ts"

/** The published matrix: a column per image. */
const matrix = (rows: ReadonlyArray<Row>, classes: number): Uint8Array =>
  encodeMat(
    "labels",
    classes,
    rows.length,
    Uint8Array.from(
      { length: classes * rows.length },
      (_, i) => rows[i % rows.length].labels[Math.floor(i / rows.length)]
    )
  )

const UCM_SCENES =
  "agricultural airplane baseballdiamond beach buildings chaparral denseresidential forest freeway golfcourse harbor intersection mediumresidential mobilehomepark overpass parkinglot river runway sparseresidential storagetanks tenniscourt".split(
    " "
  )

/** UC Merced Land Use with its labels in all three published forms. */
export const ucm: PictureArchive = {
  kind: "ucm",
  nomenclature: nomenclatureOf("UCM"),
  edge: 256,
  // As in the original, a few are smaller than the rest.
  sizeOf: (i, edge) => {
    const less = (by: number) => Math.max(1, edge - by)
    return i % 17 === 5 ? [edge, less(7)] : i % 17 === 11 ? [less(9), less(9)] : [edge, edge]
  },
  names: (count) => byScene(UCM_SCENES, count, (scene, i) => `${scene}${String(i).padStart(2, "0")}`),
  fileOf: (name) => `Images/${name.replace(/\d+$/, "")}/${name}.tif`,
  encode: tif,
  tables: (rows) => ({
    "multi-labels.csv": table("image", ucm.nomenclature.classes, rows),
    "LandUse_Multilabeled.txt": table("IMAGE\\LABEL", ucm.nomenclature.classes, rows, "\t"),
    "LandUse_Multilabeled.mat": matrix(rows, ucm.nomenclature.classes.length)
  })
}
