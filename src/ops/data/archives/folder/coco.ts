/** Labels in COCO's form: JSON with `images`, `categories`, and `annotations` that join the two. */
import { DataError } from "../../../formats/data-error.ts"
import { textOf } from "../../../formats/text.ts"
import { finding } from "../shared/findings.ts"
import { readArchiveFile } from "../shared/read-file.ts"
import { factName, type OwnTable } from "./own-table.ts"

type Row = Readonly<Record<string, unknown>>

const REMEDY =
  "Give COCO's form: `images` with id and file_name, `categories` with id and name, `annotations` with both ids"

const refuse = (file: string, problem: string, remedy = REMEDY): never => {
  throw new DataError({ subject: file, problem, remedy })
}

const rowsOf = (file: string, all: Row, key: string): ReadonlyArray<Row> => {
  const rows = all[key]
  if (!Array.isArray(rows)) return refuse(file, `has no list \`${key}\``)
  const wrong = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row))
  return wrong < 0 ? (rows as ReadonlyArray<Row>) : refuse(file, `\`${key}\`, entry ${wrong + 1}, is not a mapping`)
}

const idOf = (file: string, row: Row, key: string, where: string): string => {
  const id = row[key]
  return typeof id === "number" || typeof id === "string" ? String(id) : refuse(file, `${where} has no \`${key}\``)
}

const textIn = (file: string, row: Row, key: string, where: string): string => {
  const text = row[key]
  return typeof text === "string" && text !== "" ? text : refuse(file, `${where} has no \`${key}\``)
}

/** Positions by id; an id may occur once only. */
const byId = (file: string, rows: ReadonlyArray<Row>, key: string): ReadonlyMap<string, number> => {
  const ids = new Map<string, number>()
  rows.forEach((row, i) => {
    const id = idOf(file, row, "id", `\`${key}\`, entry ${i + 1},`)
    if (ids.has(id)) refuse(file, `\`${key}\` has the id ${id} twice`)
    ids.set(id, i)
  })
  return ids
}

/** Keys of images that say nothing about what they show. */
const OTHER = new Set(["id", "file_name", "width", "height", "license", "flickr_url", "coco_url"])

const factsOf = (image: Row): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(image)
      .filter(
        ([key, value]) => !OTHER.has(key) && ["string", "number", "boolean"].includes(typeof value) && value !== ""
      )
      .map(([key, value]) => [factName(key.replace(/^date_captured$/, "date")), String(value)])
  )

/** COCO counts objects: an image has a class if one annotation of it has that class. */
const multiHotRows = (
  file: string,
  annotations: ReadonlyArray<Row>,
  images: ReadonlyMap<string, number>,
  categories: ReadonlyMap<string, number>
): Uint8Array => {
  const labels = new Uint8Array(images.size * categories.size)
  annotations.forEach((row, i) => {
    const where = `\`annotations\`, entry ${i + 1},`
    const image = images.get(idOf(file, row, "image_id", where))
    const category = categories.get(idOf(file, row, "category_id", where))
    if (image === undefined) refuse(file, `${where} names the image ${row.image_id}, which \`images\` does not have`)
    else if (category === undefined) {
      refuse(file, `${where} names the category ${row.category_id}, which \`categories\` does not have`)
    } else labels[image * categories.size + category] = 1
  })
  return labels
}

/**
 * Reads labels in COCO's form from their text.
 *
 * @throws DataError naming list and entry of what is missing or of another type
 */
export const parseCoco = (file: string, text: string): OwnTable => {
  let all: unknown
  try {
    all = JSON.parse(text)
  } catch (cause) {
    throw new DataError({ subject: file, problem: "is not JSON", remedy: "Save it again", cause })
  }
  if (typeof all !== "object" || all === null || Array.isArray(all)) return refuse(file, "is not a mapping")
  const lists = all as Row
  const images = rowsOf(file, lists, "images")
  const categories = rowsOf(file, lists, "categories")
  const annotations = rowsOf(file, lists, "annotations")
  const names = images.map((row, i) => textIn(file, row, "file_name", `\`images\`, entry ${i + 1},`))
  const classes = categories.map((row, i) => textIn(file, row, "name", `\`categories\`, entry ${i + 1},`))
  const twice = (some: ReadonlyArray<string>) => some.find((name, i) => some.indexOf(name) !== i)
  const again = classes.length < 10_000 ? twice(classes) : undefined
  if (again !== undefined) refuse(file, `names the category ${again} twice`)
  if (new Set(names).size < names.length) refuse(file, "names an image twice", "Remove one of its entries")
  const labels = multiHotRows(file, annotations, byId(file, images, "images"), byId(file, categories, "categories"))
  return {
    table: { file, classes, names, labels },
    factsOf: (row) => factsOf(images[row]),
    splitOf: () => undefined,
    findings: finding(
      `classes are named by categories of ${file}`,
      classes,
      "note",
      "An image has a class if one of its annotations has it"
    )
  }
}

/** As `parseCoco`, from a file. */
export const readCoco = async (file: string): Promise<OwnTable> =>
  parseCoco(file, textOf(await readArchiveFile(file, "is missing: the archive's labels"), file))
