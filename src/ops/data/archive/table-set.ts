/** What UCM, AID, WHDLD and their like share: one table of labels over folders of images. */
import { existsSync } from "node:fs"
import { isAbsolute, join } from "node:path"
import type { Nomenclature } from "../../elements.ts"
import { DataError } from "../faults.ts"
import type { LabelledNames } from "./image-set.ts"
import type { Finding } from "./kind.ts"
import { columnsOf, type LabelTable, parseLabelTable } from "./label-table.ts"
import { readArchiveFile, textOf } from "./read-file.ts"

/** The first of some usual files that is there, or the one that was asked for. */
export const labelsFile = (folder: string, asked: string | undefined, usual: ReadonlyArray<string>): string => {
  if (asked !== undefined) return isAbsolute(asked) ? asked : join(folder, asked)
  const found = usual.map((name) => join(folder, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new DataError({
    subject: folder,
    problem: `holds no table of labels (${usual.join(", ")})`,
    remedy: "Put it there, or name it with `labels`"
  })
}

/** The first of some folders that is there; the first, where none is. */
export const usualFolder = (folder: string, usual: ReadonlyArray<string>): string =>
  usual.find((name) => existsSync(join(folder, name))) ?? usual[0]

/** The rows of a table under a nomenclature. */
export const labelledBy = (
  table: LabelTable,
  nomenclature: Nomenclature
): { readonly table: LabelledNames; readonly findings: ReadonlyArray<Finding> } => {
  const { columns, findings } = columnsOf(table, nomenclature)
  const width = columns.length
  const labelsOf = (row: number): Uint8Array => {
    const vector = new Uint8Array(width)
    columns.forEach((index, column) => {
      vector[index] = table.labels[row * width + column]
    })
    return vector
  }
  return { table: { names: table.names, labelsOf }, findings }
}

/** Reads a table of labels: tab-separated where its name ends in `.txt` or `.tsv`. */
export const readLabelTable = async (file: string): Promise<LabelTable> => {
  const bytes = await readArchiveFile(file, "is missing: the archive's table of labels")
  if (/\.mat$/i.test(file)) {
    throw new DataError({
      subject: file,
      problem: "is a matrix, which names no images",
      remedy: "Give the labels as a table with names: AID and DFC15 have `multilabel.csv` beside it"
    })
  }
  const text = textOf(bytes, file)
  return parseLabelTable(file, text, /\.(txt|tsv)$/i.test(file) ? "\t" : ",")
}
