import { byScene, tableText, tif } from "../../miniature/picture-files.ts"
import { type PictureSet, pictures, type Row } from "../../miniature/picture-set.ts"
import { UCM } from "./classes.ts"
import { encodeMat } from "./encode-mat.ts"

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

/** UC Merced's pictures, without tables. */
export const UCM_PICTURES: Omit<PictureSet, "tables" | "classes"> = {
  edge: 256,
  // As in the published images, a few are smaller than the rest.
  sizeOf: (i, edge) => {
    const less = (by: number) => Math.max(1, edge - by)
    return i % 17 === 5 ? [edge, less(7)] : i % 17 === 11 ? [less(9), less(9)] : [edge, edge]
  },
  names: (count) => byScene(UCM_SCENES, count, (scene, i) => `${scene}${String(i).padStart(2, "0")}`),
  fileOf: (name) => `Images/${name.replace(/\d+$/, "")}/${name}.tif`,
  encode: tif
}

/** UC Merced Land Use with its labels in all three published forms. */
export const { classes, open } = pictures({
  ...UCM_PICTURES,
  classes: UCM,
  tables: (rows) => ({
    "multi-labels.csv": tableText("image", UCM.classes, rows),
    "LandUse_Multilabeled.txt": tableText("IMAGE\\LABEL", UCM.classes, rows, "\t"),
    "LandUse_Multilabeled.mat": matrix(rows, UCM.classes.length)
  })
})
