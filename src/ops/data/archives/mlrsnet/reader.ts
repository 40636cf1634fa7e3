/** Reads MLRSNet; see `mlrsnet.ts` for its files. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import type { Reader } from "../data-set.ts"
import { together } from "../shared/findings.ts"
import { firstNames } from "../shared/glance.ts"
import { decodeImage } from "../shared/image.ts"
import { imagesIfWanted } from "../shared/image-files.ts"
import { openImageSet } from "../shared/image-set.ts"
import type { LabelTable } from "../shared/label-table.ts"
import { filesBelow } from "../shared/read-file.ts"
import { labelledBy, readLabelTable } from "../shared/table-set.ts"
import { MLRSNET } from "./classes.ts"

/** Names of the folder of labels: as published, and as in some copies. */
const LABELS = ["labels", "Labels"]

/** Fills the header of the one table of the release that has a blank cell in place of a class. */
const completed = (table: LabelTable): LabelTable => {
  const missing = MLRSNET.classes.filter((name) => !table.classes.includes(name))
  const blank = table.classes.filter((name) => name === "").length
  if (missing.length !== 1 || blank !== 1) return table
  return { ...table, classes: table.classes.map((name) => (name === "" ? missing[0] : name)) }
}

/** The tables of a folder in the order of their names, or the one table that was given. */
const tablesIn = async (from: string): Promise<ReadonlyArray<string>> => {
  if (/\.csv$/i.test(from)) return [from]
  const files = await filesBelow(
    from,
    "Give the folder that holds `Images` and `labels`, or name a folder of tables with `labels`"
  )
  return files.filter((name) => /\.csv$/i.test(name)).map((name) => join(from, name))
}

const packed = (folder: string): boolean =>
  firstNames(join(folder, "Images"), "folder").length === 0 &&
  firstNames(join(folder, "Images"), "file").some((name) => name.endsWith(".rar"))

export const open: Reader["open"] = async (folder, { labels, labelsOnly }) => {
  if (packed(folder) && !labelsOnly) {
    throw new DataError({
      subject: join(folder, "Images"),
      problem: "holds rar archives, not images",
      remedy: "Unpack them there, each into the folder of its name"
    })
  }
  const from = resolve(folder, labels ?? LABELS.find((name) => existsSync(join(folder, name))) ?? LABELS[0])
  const tables: Array<LabelTable> = []
  for (const file of await tablesIn(from)) tables.push(completed(await readLabelTable(file, { unnamed: true })))
  const parts = tables.map((table) => labelledBy(table, MLRSNET))
  const rows = parts.flatMap(({ table }) => table.names.map((_, row) => ({ table, row })))
  return openImageSet({
    folder,
    classes: MLRSNET,
    images: packed(folder) ? undefined : await imagesIfWanted(labelsOnly, folder, ["Images"]),
    table: {
      names: parts.flatMap(({ table }) => table.names),
      labelsOf: (row) => rows[row].table.labelsOf(rows[row].row)
    },
    factsOf: (file) => ({ category: file.split("/").at(-2) ?? "" }),
    findings: together(parts.flatMap(({ findings }) => findings))
  })
}

export const decode = decodeImage
