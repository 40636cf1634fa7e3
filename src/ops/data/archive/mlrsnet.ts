import { existsSync } from "node:fs"
import { join } from "node:path"
import { DataError } from "../faults.ts"
import { nomenclatureOf } from "../nomenclatures.ts"
import { FILLED_RUN, longestRun } from "./filled.ts"
import { firstNames, holds } from "./glance.ts"
import { decodeImage } from "./image.ts"
import { imagesIfWanted } from "./image-files.ts"
import { openImageSet } from "./image-set.ts"
import { type ArchiveKind, type Finding, finding } from "./kind.ts"
import type { LabelTable } from "./label-table.ts"
import { filesBelow } from "./read-file.ts"
import { labelledBy, readLabelTable } from "./table-set.ts"

const NOMENCLATURE = nomenclatureOf("MLRSNet")
const LABELS = "labels"
/** The article's greatest number of labels an image. */
const MOST = 13

/** One table of the release has a blank cell where its header should name the one class that is missing. */
const completed = (table: LabelTable): LabelTable => {
  const missing = NOMENCLATURE.classes.filter((name) => !table.classes.includes(name))
  const blank = table.classes.filter((name) => name === "").length
  if (missing.length !== 1 || blank !== 1) return table
  return { ...table, classes: table.classes.map((name) => (name === "" ? missing[0] : name)) }
}

/** Rows that look filled to the right, as in a spreadsheet: by their number of ones, or a run of them. */
const filledRows = ({ classes, labels, names }: LabelTable): ReadonlyArray<string> =>
  names.filter((_, row) => {
    const cells = labels.subarray(row * classes.length, (row + 1) * classes.length)
    const ones = cells.reduce((sum, cell) => sum + cell, 0)
    return ones > MOST || longestRun(cells) >= FILLED_RUN
  })

const filled = (tables: ReadonlyArray<LabelTable>): ReadonlyArray<Finding> =>
  finding(
    `images have labels that look filled (more than ${MOST}, or ${FILLED_RUN} neighbouring columns)`,
    tables.flatMap((table) => filledRows(table).map((name) => `${name} in ${table.file}`)),
    "warn",
    "Take the label files of 2020-06-30 (commit cd5ca1c of github.com/cugbrs/MLRSNet): those at its head are damaged"
  )

const packed = (folder: string): boolean =>
  firstNames(join(folder, "Images"), "folder").length === 0 &&
  firstNames(join(folder, "Images"), "file").some((name) => name.endsWith(".rar"))

/**
 * MLRSNet (Qi et al. 2020): 109,161 images of 256 x 256 pixels in 46 categories, 60 labels. `Images/CATEGORY/` holds the
 * jpgs, `labels/CATEGORY.csv` the labels; columns stand in several orders and are read by name. No official lists.
 */
export const mlrsnet: ArchiveKind = {
  kind: "mlrsnet",
  about: "MLRSNet with 60 labels: `Images/CATEGORY/`, and `labels/CATEGORY.csv`.",
  recognises: (folder) =>
    holds(folder, "Images", LABELS) && firstNames(join(folder, LABELS), "file").some((name) => name.endsWith(".csv")),
  open: async (folder, { labels, labelsOnly }) => {
    if (packed(folder) && !labelsOnly) {
      throw new DataError({
        subject: join(folder, "Images"),
        problem: "holds rar archives, not images",
        remedy: "Unpack them there, each into the folder of its name"
      })
    }
    const inside = labels ?? (existsSync(join(folder, LABELS)) ? LABELS : "Labels")
    const files = await filesBelow(join(folder, inside), "Give the folder that holds `Images` and `labels`")
    const tables: Array<LabelTable> = []
    for (const file of files.filter((name) => name.endsWith(".csv"))) {
      tables.push(completed(await readLabelTable(join(folder, inside, file))))
    }
    const parts = tables.map((table) => labelledBy(table, NOMENCLATURE))
    const rows = parts.flatMap(({ table }) => table.names.map((_, row) => ({ table, row })))
    return openImageSet({
      kind: "mlrsnet",
      folder,
      nomenclature: NOMENCLATURE,
      images: packed(folder) ? undefined : await imagesIfWanted(labelsOnly, folder, ["Images"]),
      table: {
        names: parts.flatMap(({ table }) => table.names),
        labelsOf: (row) => rows[row].table.labelsOf(rows[row].row)
      },
      factsOf: (file) => ({ category: file.split("/").at(-2) ?? "" }),
      findings: [...filled(tables), ...parts.flatMap(({ findings }) => findings)]
    })
  },
  decode: decodeImage
}
