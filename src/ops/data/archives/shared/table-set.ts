/** One table of labels for folders of images, as in UCM, AID and WHDLD. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import { textOf } from "../../../formats/text.ts"
import type { ClassList } from "./class-list.ts"
import { filledRows } from "./filled.ts"
import type { Finding } from "./findings.ts"
import type { LabelledNames } from "./image-set.ts"
import { columnsOf, type LabelTable, parseLabelTable, type TableOptions } from "./label-table.ts"
import { readArchiveFile } from "./read-file.ts"

/** The file of labels: the given one, or the first of the usual files that exists. */
export const labelsFile = (folder: string, asked: string | undefined, usual: ReadonlyArray<string>): string => {
  if (asked !== undefined) return resolve(folder, asked)
  const found = usual.map((name) => join(folder, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new DataError({
    subject: folder,
    problem: `holds no table of labels (${usual.join(", ")})`,
    remedy: "Put it there, or name it with `labels`"
  })
}

/** The rows of a table under a class list, and what its columns and rows make suspicious. */
export const labelledBy = (
  table: LabelTable,
  classes: ClassList
): { readonly table: LabelledNames; readonly findings: ReadonlyArray<Finding> } => {
  const { columns, findings } = columnsOf(table, classes)
  const width = columns.length
  const labelsOf = (row: number): Uint8Array => {
    const vector = new Uint8Array(width)
    columns.forEach((index, column) => {
      vector[index] = table.labels[row * width + column]
    })
    return vector
  }
  return { table: { names: table.names, labelsOf }, findings: [...filledRows(table, classes), ...findings] }
}

const OTHERS: ReadonlyArray<readonly [ending: RegExp, problem: string, remedy: string]> = [
  [/\.mat$/i, "is a matrix, which names no images", "Give the labels as a table with names (csv or txt)"],
  [/\.(xlsx?|ods)$/i, "is a workbook", "Save its sheet as csv, or give the table in txt that lies beside it"]
]

/**
 * Reads a table of labels: text in UTF-8, or UTF-16 with a byte order mark.
 *
 * @returns rejects with DataError if the file is missing, or not such a table
 */
export const readLabelTable = async (file: string, options: TableOptions = {}): Promise<LabelTable> => {
  const remedy = "Put the table there, or name another one with `labels`"
  const bytes = await readArchiveFile(file, "is missing: the archive's table of labels", remedy)
  const other = OTHERS.find(([ending]) => ending.test(file))
  if (other !== undefined) throw new DataError({ subject: file, problem: other[1], remedy: other[2] })
  return parseLabelTable(file, textOf(bytes, file), options)
}
