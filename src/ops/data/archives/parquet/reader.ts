/** Reads Parquet files with images; see `parquet.ts` for their form. */
import { statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import type { PatchEntry, Reader } from "../data-set.ts"
import { splitNamed, splitOfPart } from "../folder/own-table.ts"
import { bandFacts, decodePacked } from "../folder/reader.ts"
import { ownClasses } from "../shared/class-list.ts"
import { finding } from "../shared/findings.ts"
import { patience, readGuarded } from "../shared/guarded.ts"
import { classesOfLabels, namedClasses } from "../shared/own-labels.ts"
import { filesBelow } from "../shared/read-file.ts"
import { REMEDY } from "./columns.ts"
import { namingOf } from "./naming.ts"
import { PART } from "./parts.ts"
import { readPicture } from "./pictures.ts"
import type { Row, Table, Task } from "./table-work.ts"

const refuse = (subject: string, problem: string, remedy: string): never => {
  throw new DataError({ subject, problem, remedy })
}

/** The folder and the parts of an archive, which may be one file. */
const partsOf = async (path: string): Promise<{ readonly folder: string; readonly parts: ReadonlyArray<string> }> => {
  if (statSync(path).isFile()) return { folder: dirname(path), parts: [basename(path)] }
  const parts = (await filesBelow(path, REMEDY)).filter((file) => PART.test(file))
  return parts.length > 0 ? { folder: path, parts } : refuse(path, "holds no Parquet files", REMEDY)
}

/** Everything but the images of all parts. One thread reads them all: each start of a thread takes a while. */
const tablesOf = (
  path: string,
  parts: ReadonlyArray<string>,
  labels: string | undefined
): Promise<ReadonlyArray<Table>> => {
  const task: Task = { file: path, parts, labels }
  return readGuarded(new URL("./table-work.ts", import.meta.url), task, REMEDY, patience(parts))
}

/** A row and where it lies. */
interface Placed extends Row {
  readonly part: string
  readonly row: number
}

/** Names of classes that the parts give. @throws DataError if they differ */
const classesIn = (
  folder: string,
  tables: ReadonlyArray<readonly [part: string, table: Table]>
): ReadonlyArray<string> | undefined => {
  const [first, ...others] = tables
  const classesOf = ([, { columns }]: (typeof tables)[number]) => columns.labels?.classes
  const key = (one: (typeof tables)[number]) => JSON.stringify(classesOf(one) ?? null)
  const other = others.find((one) => key(one) !== key(first))
  if (other === undefined) return classesOf(first)
  return refuse(
    folder,
    `has parts with different classes: ${first[0]} and ${other[0]}`,
    "Write all parts with the same classes, or read them as separate archives"
  )
}

export const open: Reader["open"] = async (path, { bands, labels: asked }) => {
  const { folder, parts } = await partsOf(path)
  const files = parts.map((part) => join(folder, part))
  const found = await tablesOf(path, files, asked)
  const tables = parts.map((part, i) => [part, found[i]] as const)
  const rows = tables.flatMap(([part, table]) => table.rows.map((one, row): Placed => ({ ...one, part, row })))
  if (rows.length === 0) return refuse(path, "has no rows", REMEDY)
  const given = classesIn(path, tables)
  const occurring = rows.flatMap(({ labels }) => labels)
  const by = given === undefined ? "classes.txt" : "its list of classes"
  const { classes, labelsOf } = classesOfLabels(path, given ?? (await namedClasses(folder)), occurring, by)
  const { byPosition, names } = namingOf(rows)
  const places = new Map(names.map((name, i) => [name, rows[i]]))
  const own = bandFacts(bands)
  return {
    classes: ownClasses(classes),
    names,
    findings: [
      ...finding(
        "images are named by the position of their row",
        byPosition ? names : [],
        "note",
        "Names come from `path` or from a column `name` or `id`, if every image has one of its own"
      ),
      ...finding(
        "images have no label",
        names.filter((_, i) => rows[i].labels.length === 0),
        "note",
        "Reading leaves them out where labels are needed"
      )
    ],
    entry: async (name): Promise<PatchEntry> => {
      const { facts, labels, part, row, split } =
        places.get(name) ?? refuse(path, `has no patch ${name}`, "Make the splits again")
      return {
        name,
        folder,
        files: { part },
        facts: { ...facts, ...own, part_row: String(row) },
        labels: labelsOf(name, labels),
        split: (split === undefined ? undefined : splitNamed(split)) ?? splitOfPart(part)
      }
    }
  }
}

export const decode: Reader["decode"] = async (patch, options) => {
  const file = join(patch.folder, patch.files.part)
  const bytes = await readPicture(file, Number(patch.facts.part_row))
  return decodePacked(bytes, file, patch, options)
}
