/** The archives of pictures that have a miniature. */
import sharp from "sharp"
import { nomenclatureOf } from "../nomenclatures.ts"
import type { Picture } from "./picture.ts"
import type { PictureArchive, Row } from "./pictures.ts"

const image = ({ data, height, width }: Picture) => sharp(data, { raw: { width, height, channels: 3 } })

const only =
  (write: (picture: Picture) => Promise<Uint8Array>): PictureArchive["encode"] =>
  async (picture, file) => ({ [file]: await write(picture) })

const jpg = only((picture) => image(picture).jpeg({ quality: 90 }).toBuffer())
const tif = only((picture) => image(picture).tiff({ compression: "none" }).toBuffer())

/** A table of labels as text: header, then a row per image. */
const table = (
  corner: string,
  classes: ReadonlyArray<string>,
  rows: ReadonlyArray<Row>,
  separator = ",",
  ending = ""
): string =>
  [[corner, ...classes], ...rows.map(({ labels, name }) => [`${name}${ending}`, ...labels])]
    .map((cells) => `${cells.join(separator)}\n`)
    .join("")

/** Names by scene, in the order of their text: `count` divided evenly among scenes. */
const byScene = (scenes: ReadonlyArray<string>, count: number, name: (scene: string, i: number) => string) =>
  Array.from({ length: count }, (_, i) => name(scenes[i % scenes.length], Math.floor(i / scenes.length))).sort(
    (a, b) => (a < b ? -1 : 1)
  )

const UCM_SCENES =
  "agricultural airplane baseballdiamond beach buildings chaparral denseresidential forest freeway golfcourse harbor intersection mediumresidential mobilehomepark overpass parkinglot river runway sparseresidential storagetanks tenniscourt".split(
    " "
  )

const ucm: PictureArchive = {
  kind: "ucm",
  nomenclature: nomenclatureOf("UCM"),
  edge: 256,
  // As in the original, a few are smaller than the rest.
  sizeOf: (i, edge) => (i % 17 === 5 ? [edge, edge - 7] : i % 17 === 11 ? [edge - 9, edge - 9] : [edge, edge]),
  names: (count) => byScene(UCM_SCENES, count, (scene, i) => `${scene}${String(i).padStart(2, "0")}`),
  fileOf: (name) => `Images/${name.replace(/\d+$/, "")}/${name}.tif`,
  encode: tif,
  tables: (rows) => ({
    "multi-labels.csv": table("image", ucm.nomenclature.classes, rows),
    "LandUse_Multilabeled.txt": table("IMAGE\\LABEL", ucm.nomenclature.classes, rows, "\t")
  })
}

const AID_SCENES =
  "Airport BareLand BaseballField Beach Bridge Center Church Commercial DenseResidential Desert Farmland Forest Industrial Meadow MediumResidential Mountain Park Parking Playground Pond Port RailwayStation Resort River School SparseResidential Square Stadium StorageTanks Viaduct".split(
    " "
  )

/** Every fifth tests, as 600 of 3,000 do. */
const aidSplit = (i: number) => (i % 5 === 4 ? "test" : "train")

const aid: PictureArchive = {
  kind: "aid",
  nomenclature: nomenclatureOf("AID"),
  edge: 600,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) => byScene(AID_SCENES, count, (scene, i) => `${scene.toLowerCase()}_${i + 1}`),
  fileOf: (name, i) => {
    const scene = AID_SCENES.find((one) => one.toLowerCase() === name.slice(0, name.indexOf("_")))
    return `images_${aidSplit(i) === "train" ? "tr" : "test"}/${scene}/${name}.jpg`
  },
  splitOf: aidSplit,
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

const whdld: PictureArchive = {
  kind: "whdld",
  nomenclature: nomenclatureOf("WHDLD"),
  edge: 256,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) => Array.from({ length: count }, (_, i) => `wh${String(i + 1).padStart(4, "0")}`),
  fileOf: (name) => `Images/${name}.jpg`,
  encode: jpg,
  tables: (rows) => ({ "multi-labels.csv": table("image", whdld.nomenclature.classes, rows, ",", ".jpg") })
}

export const PICTURE_ARCHIVES = { ucm, aid, whdld } as const satisfies Readonly<Record<string, PictureArchive>>
export type PictureArchiveName = keyof typeof PICTURE_ARCHIVES
