/** Finds how an own archive is labelled: by a table, by COCO's JSON, by a folder per class, or not at all. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import type { ArchiveOptions } from "../data-set.ts"
import { classLines } from "../shared/class-file.ts"
import { imagesIn, nameOf, pathNameOf, pathOf, type Stem, stemFor } from "../shared/image-files.ts"
import { tableByFolder } from "./by-folder.ts"
import { readCoco } from "./coco.ts"
import { type OwnTable, readOwnTable } from "./own-table.ts"

/** Usual names of tables, and of JSON in COCO's form. */
export const TABLES = ["labels.csv", "multi-labels.csv", "labels.tsv"]
export const COCO = ["labels.json", "annotations.json", "_annotations.coco.json", "instances.json"]

/** Labels of an own archive, and how its images are named. */
export interface Labelling extends OwnTable {
  readonly stem: Stem
  readonly patchName: (file: string) => string
  /** Images by stem, if they were listed to find the labels. */
  readonly images: ReadonlyMap<string, string> | undefined
}

/** Classes in their order, one per line, if the archive has such a file. */
const knownClasses = async (folder: string): Promise<ReadonlyArray<string> | undefined> =>
  (await classLines(folder))?.filter((line) => line !== "")

const named = (table: OwnTable): Labelling => {
  const stem = stemFor(table.table.names)
  return { ...table, stem, patchName: stem === pathOf ? pathNameOf : nameOf, images: undefined }
}

/** The file of labels: the given one, or the first of the usual files that exists. */
const fileOf = (folder: string, asked: string | undefined): string | undefined =>
  asked !== undefined
    ? resolve(folder, asked)
    : [...TABLES, ...COCO].map((name) => join(folder, name)).find((file) => existsSync(file))

const refuseFacts = (folder: string, facts: ReadonlyArray<string>): void => {
  if (facts.length === 0) return
  throw new DataError({
    subject: folder,
    problem: "has no table of labels, but `facts` names columns of one",
    remedy: "Omit `facts`, or add the table"
  })
}

/**
 * How an own archive is labelled.
 *
 * @returns rejects with DataError if its labels cannot be read, or it has neither labels nor images
 */
export const labellingOf = async (
  folder: string,
  { facts = [], labels }: Pick<ArchiveOptions, "facts" | "labels">
): Promise<Labelling> => {
  const file = fileOf(folder, labels)
  if (file !== undefined && !/\.json$/i.test(file)) {
    return named(await readOwnTable(file, facts, await knownClasses(folder)))
  }
  refuseFacts(folder, facts)
  if (file !== undefined) return named(await readCoco(file))
  const images = await imagesIn(folder, [""], pathOf)
  const table = tableByFolder(folder, [...images.values()])
  return { ...table, stem: pathOf, patchName: pathNameOf, images }
}
