/** Tables with one column of labels, separated by semicolons: `name,labels` and `a.tif,forest;water`. */
import { eachRow } from "../../../formats/csv.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import type { LabelTable } from "../labels-file.ts"
import type { Facts } from "../sources/source.ts"

const NAMES = /^(name|image|image_name|file|filename|id|patch|patch_id|path)$/i
const LABELS = /^(labels?|classes|tags)$/i

/** Positions of the columns of names and of labels in a header; `undefined` if it has not both. */
const columnsOf = (header: ReadonlyArray<string>) => {
  const name = header.findIndex((one) => NAMES.test(one))
  const labels = header.findIndex((one) => LABELS.test(one))
  return name < 0 || labels < 0 ? undefined : { name, labels }
}

/** Labels in a cell; those in the form of a list of Python or JSON too. */
const labelsIn = (cell: string): ReadonlyArray<string> => {
  const list = /^\[(.*)\]$/.exec(cell.trim())?.[1]
  if (list === undefined) return cell.split(";").flatMap((one) => one.trim() || [])
  return [...list.matchAll(/"([^"]*)"|'([^']*)'|([^,\s][^,]*)/g)].map(([, a, b, c]) => (a ?? b ?? c).trim())
}

/**
 * Reads such a table; `undefined` if the text is not one, because it has no column of labels, or only 0 and 1 in it. Classes
 * are in alphabetical order; further columns are facts.
 *
 * @param path for messages
 * @throws RetrieveError if a row is wrong
 * @throws DataError if quotes are not balanced
 */
export const parseListTable = (path: string, text: string): LabelTable | undefined => {
  const end = text.search(/\r\n|\n|\r/)
  const first = end < 0 ? text : text.slice(0, end)
  // Most tables have rows of 0 and 1 and no such column; they are left to the other reader.
  if (!/label|classes|tags/i.test(first)) return undefined
  let header: ReadonlyArray<string> = []
  let columns: ReturnType<typeof columnsOf>
  const names: Array<string> = []
  const cells: Array<ReadonlyArray<string>> = []
  const facts: Array<Facts> = []
  eachRow(text, path, { delimiter: "detect" }, (row, number) => {
    if (number === 0) {
      header = row
      columns = columnsOf(row)
      return
    }
    if (columns === undefined) return
    const { labels, name } = columns
    if ((row[name] ?? "") === "" || row.length !== header.length) {
      throw new RetrieveError({
        subject: path,
        problem: `row ${number} has ${row.length} fields, but the header has ${header.length}, or it has no name`,
        remedy: "Give each row a name and labels; put labels that hold the delimiter in quotes"
      })
    }
    names.push(row[name])
    cells.push(labelsIn(row[labels]))
    facts.push(Object.fromEntries(header.flatMap((key, c) => (c === name || c === labels ? [] : [[key, row[c]]]))))
  })
  if (columns === undefined || cells.every((list) => list.every((one) => one === "0" || one === "1"))) return undefined
  const classes = [...new Set(cells.flat())].sort()
  const places = new Map(classes.map((one, c) => [one, c]))
  const labels = new Uint8Array(names.length * classes.length)
  cells.forEach((list, i) => {
    for (const one of list) labels[i * classes.length + (places.get(one) ?? 0)] = 1
  })
  return { path, classes, names, labels, facts: header.length > 2 ? facts : undefined }
}
