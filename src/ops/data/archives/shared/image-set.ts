/** Archives of images with a table of labels: table and files joined by name, what fits neither reported. */
import { few } from "../../../../pipeline/words.ts"
import type { Split } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import type { OpenedSet, PatchEntry } from "../data-set.ts"
import { type ClassList, namesOf } from "./class-list.ts"
import { type Finding, finding, noImages } from "./findings.ts"
import { namedBy, nameOf, pathOf, type Stem, stemOf } from "./image-files.ts"

/** Labels of images in the order that the archive's patches get. */
export interface LabelledNames {
  readonly names: ReadonlyArray<string>
  /** Multi-hot under the archive's nomenclature. */
  readonly labelsOf: (row: number) => Uint8Array
}

export interface ImageSet {
  readonly folder: string
  readonly classes: ClassList
  /** Image files by stem, relative to `folder`; `undefined` if only labels are wanted and there are no images. */
  readonly images: ReadonlyMap<string, string> | undefined
  readonly table: LabelledNames
  readonly stem?: Stem
  /** The name of the patch that a file is; two files that differ in their stem differ in it. */
  readonly patchName?: (file: string) => string
  /** The split of an image by its file, if the archive has its own division. */
  readonly splitOf?: (file: string) => Split | undefined
  readonly factsOf?: (file: string) => Readonly<Record<string, string>>
  readonly findings?: ReadonlyArray<Finding>
}

const REPAIR = "Get archive and labels from one place, or leave these out with `on_bad_patch: skip`"
const PATHS =
  "The table has names with a folder, so all its names are read as paths below the archive: write all of them as paths"

interface Row {
  readonly row: number
  readonly file?: string
}

/** Rows of the table by the name of their file, or by their own name if there are no files. */
const joined = ({ images, patchName = nameOf, stem = stemOf, table }: ImageSet) => {
  const rows = new Map<string, Row>()
  const orphans: Array<string> = []
  const labelled = new Set<string>()
  const twice: Array<string> = []
  table.names.forEach((name, row) => {
    const file = images === undefined ? name : images.get(stem(name))
    if (file === undefined) orphans.push(name)
    else if (labelled.has(stem(name))) twice.push(name)
    else {
      labelled.add(stem(name))
      if (images === undefined) rows.set(namedBy(stem, name), { row })
      else rows.set(patchName(file), { row, file })
    }
  })
  const unlabelled = [...(images ?? [])].filter(([key]) => !labelled.has(key)).map(([, file]) => file)
  return { rows, orphans, twice, unlabelled }
}

const unlike = (folder: string, name: string): DataError =>
  new DataError({
    subject: folder,
    problem: `has no patch ${name}`,
    remedy: "Make the splits again, or give the archive that they belong to"
  })

/** An archive whose patches are the rows of a table that have an image, in the table's order. */
export const openImageSet = (set: ImageSet): OpenedSet => {
  const { classes, folder, table } = set
  const { orphans, rows, twice, unlabelled } = joined(set)
  const repair = set.stem === pathOf ? PATHS : REPAIR
  // Skipping them one by one would leave an empty archive.
  if (orphans.length > 0 && rows.size === 0) {
    throw new DataError({
      subject: folder,
      problem: `has no image for any row of its labels: ${few(orphans)}`,
      remedy: repair
    })
  }
  const empty = [...rows].filter(([, { row }]) => !table.labelsOf(row).includes(1)).map(([name]) => name)
  const entry = async (name: string): Promise<PatchEntry> => {
    const found = rows.get(name)
    if (found === undefined) throw unlike(folder, name)
    const { file } = found
    return {
      name,
      folder,
      files: file === undefined ? {} : { image: file },
      facts: file === undefined ? {} : (set.factsOf?.(file) ?? {}),
      labels: namesOf(table.labelsOf(found.row), classes.classes),
      split: file === undefined ? undefined : set.splitOf?.(file)
    }
  }
  return {
    classes,
    names: [...rows.keys()],
    entry,
    findings: [
      ...noImages(set.images === undefined ? table.names : []),
      ...finding("label rows have no image", orphans, "fail", repair),
      ...finding("label rows name an image that has one already", twice, "fail", "Remove one of the rows"),
      ...finding("images have no row of labels", unlabelled, "fail", REPAIR),
      ...finding(
        "images have no label",
        empty,
        "note",
        classes.classes.length === 0
          ? "They can be embedded, searched and looked at, but not measured"
          : "Reading leaves them out; nothing is to be done"
      ),
      ...(set.findings ?? [])
    ]
  }
}

/** Splits by the folder that an image lies in, for `ImageSet.splitOf`. */
export const splitByFolder =
  (folders: Readonly<Partial<Record<Split, string>>>) =>
  (file: string): Split | undefined => {
    const top = file.slice(0, file.indexOf("/"))
    return (["train", "val", "test"] as const).find((split) => folders[split] === top)
  }
