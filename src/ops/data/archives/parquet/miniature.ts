/** A miniature archive of Parquet files: one row each, a png and its labels, as `datasets` writes them. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type * as hyparquetWriter from "hyparquet-writer"
import { optionalPackage } from "../../../../pipeline/packages.ts"
import { DataError } from "../../../formats/data-error.ts"
import { beginMiniature, finishMiniature } from "../../miniature/manifest.ts"
import { drawPicture, drawScenery, setOf } from "../../miniature/picture.ts"
import { image, OWN_CLASSES } from "../../miniature/picture-files.ts"
import { put } from "../../miniature/picture-set.ts"
import type { MiniatureMaker } from "../data-set.ts"
import { ownClasses } from "../shared/class-list.ts"

export const classes = ownClasses(OWN_CLASSES)

const EDGE = 64

/** A column `image` of mappings, and a column `labels` of lists of numbers, as Arrow names their fields. */
const SCHEMA: NonNullable<Parameters<typeof hyparquetWriter.parquetWriteBuffer>[0]["schema"]> = [
  { name: "schema", num_children: 2 },
  { name: "image", repetition_type: "OPTIONAL", num_children: 2 },
  { name: "bytes", repetition_type: "OPTIONAL", type: "BYTE_ARRAY" },
  { name: "path", repetition_type: "OPTIONAL", type: "BYTE_ARRAY", converted_type: "UTF8" },
  { name: "labels", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { name: "element", repetition_type: "OPTIONAL", type: "INT64" }
]

/** The metadata by which `datasets` knows images and the names of classes. */
const FEATURES = {
  info: {
    features: {
      image: { _type: "Image" },
      labels: { feature: { names: OWN_CLASSES, _type: "ClassLabel" }, _type: "List" }
    }
  }
}

/** A file of one image. */
const partOf = async (path: string, bytes: Uint8Array, labels: ReadonlyArray<number>): Promise<Uint8Array> => {
  const writer = await optionalPackage<typeof hyparquetWriter>("hyparquet-writer", "Parquet files", DataError)
  return new Uint8Array(
    writer.parquetWriteBuffer({
      schema: SCHEMA,
      columnData: [
        { name: "image", data: [{ bytes, path }] },
        { name: "labels", data: [labels.map(BigInt)] }
      ],
      kvMetadata: [{ key: "huggingface", value: JSON.stringify(FEATURES) }]
    })
  )
}

/** @throws DataError if the folder holds anything else */
export const open: MiniatureMaker["open"] = (name, folder, { patches, seed, size }) => {
  const edge = size ?? EDGE
  const facts = { kind: name, seed, patches, size: edge }
  const complete = beginMiniature(folder, facts)
  const scenery = drawScenery(seed, OWN_CLASSES.length)
  return {
    complete,
    make: async (i) => {
      const number = String(i).padStart(6, "0")
      const [patch, part] = [`image-${number}`, `part-${number}.parquet`]
      const set = setOf(scenery, seed, i)
      if (!existsSync(join(folder, part))) {
        const png = await (await image(drawPicture(scenery, seed, i, set, edge, edge))).png().toBuffer()
        put(join(folder, part), await partOf(`${patch}.png`, png, set))
      }
      return {
        name: patch,
        folder,
        files: { part },
        facts: { part_row: "0" },
        labels: set.map((index) => OWN_CLASSES[index])
      }
    },
    finish: () => {
      if (!complete) finishMiniature(folder, facts)
    }
  }
}
