/** The table of names and labels of embeddings: header `name,CLASS,...`, then one row of 0 and 1 per image (RFC 4180). */
import { readFileSync } from "node:fs"
import { messageOf } from "../../../pipeline/words.ts"
import { DataError } from "../../formats/data-error.ts"
import { textOf } from "../../formats/text.ts"
import { RetrieveError } from "../retrieve-error.ts"
import type { Facts } from "./sources/source.ts"

/** Names and labels of images. */
export interface LabelTable {
  readonly path: string
  readonly classes: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  /** uint8 [names, classes]. */
  readonly labels: Uint8Array
  /** Further columns, if it has any. */
  readonly facts?: ReadonlyArray<Facts> | undefined
}

const HEADER = "Give it a header `name,CLASS,...` and one row of 0 and 1 per image"

const refuse = (path: string, problem: string, remedy = HEADER): RetrieveError =>
  new RetrieveError({ subject: path, problem, remedy })

type Refuse = (problem: string) => never

/** One field in quotes, and where the next one begins. */
const quoted = (row: string, from: number, refuseRow: Refuse): readonly [field: string, next: number] => {
  let end = row.indexOf('"', from + 1)
  while (end >= 0 && row[end + 1] === '"') end = row.indexOf('"', end + 2)
  if (end < 0) return refuseRow("has a quote that is not closed")
  if (end + 1 < row.length && row[end + 1] !== ",") return refuseRow("has text after a closing quote")
  return [row.slice(from + 1, end).replaceAll('""', '"'), end + 2]
}

/** The fields of one row. Quoted fields may contain commas, and quotes that are written twice. */
const fieldsOf = (row: string, refuseRow: Refuse): Array<string> => {
  if (!row.includes('"')) return row.split(",")
  const fields: Array<string> = []
  for (let at = 0; at <= row.length; ) {
    if (row[at] === '"') {
      const [field, next] = quoted(row, at, refuseRow)
      fields.push(field)
      at = next
    } else {
      const comma = row.indexOf(",", at)
      const end = comma < 0 ? row.length : comma
      fields.push(row.slice(at, end))
      at = end + 1
    }
  }
  return fields
}

const classesOf = (path: string, header: string): ReadonlyArray<string> => {
  const [first, ...classes] = fieldsOf(header, (problem) => {
    throw refuse(path, `its header ${problem}`)
  }).map((field) => field.trim())
  if (first !== "name") throw refuse(path, `its first line begins with "${first}", not with "name"`)
  if (classes.length === 0) throw refuse(path, "its header names no class")
  const wrong = classes.find((name, i) => name === "" || classes.indexOf(name) !== i)
  if (wrong !== undefined) {
    throw refuse(path, wrong === "" ? "a class in its header has no name" : `its header names the class ${wrong} twice`)
  }
  return classes
}

/**
 * The lines of a text, one after another. Quoted fields may contain line breaks. A quote inside a field that does not begin
 * with a quote is an ordinary character.
 */
function* linesOf(text: string, begin: number): Generator<string> {
  let quote = text.indexOf('"', begin)
  for (let at = begin; at < text.length; ) {
    let end = text.indexOf("\n", at)
    let open = false
    for (;;) {
      for (; quote >= 0 && (end < 0 || quote < end); quote = text.indexOf('"', quote + 1)) {
        if (open || quote === at || text[quote - 1] === ",") open = !open
      }
      if (!open || end < 0) break
      end = text.indexOf("\n", end + 1)
    }
    const line = text.slice(at, end < 0 ? text.length : end)
    yield line.endsWith("\r") ? line.slice(0, -1) : line
    at = end < 0 ? text.length : end + 1
  }
}

/** Writes the labels of a row, counted from 0. */
const writeCells = (
  path: string,
  row: number,
  cells: ReadonlyArray<string>,
  classes: ReadonlyArray<string>,
  into: Uint8Array
): void => {
  if (cells.length !== classes.length) {
    throw refuse(path, `row ${row + 1} has ${cells.length} labels, but the header names ${classes.length} classes`)
  }
  cells.forEach((cell, c) => {
    const value = cell.trim()
    if (value !== "0" && value !== "1") {
      throw refuse(path, `row ${row + 1} has "${value}" for ${classes[c]}, which is neither 0 nor 1`)
    }
    into[row * classes.length + c] = value === "1" ? 1 : 0
  })
}

const countLines = (text: string): number => {
  let lines = 1
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++
  return lines
}

/**
 * Reads a table of labels from its text.
 *
 * @param path for messages, which count rows from 1, without the header
 * @throws RetrieveError if the header or a row is wrong
 */
export const parseLabels = (path: string, text: string): LabelTable => {
  const lines = linesOf(text, text.startsWith("\ufeff") ? 1 : 0)
  const classes = classesOf(path, lines.next().value ?? "")
  const names: Array<string> = []
  const labels = new Uint8Array(countLines(text) * classes.length)
  const refuseRow: Refuse = (problem) => {
    throw refuse(path, `row ${names.length + 1} ${problem}`)
  }
  for (const line of lines) {
    if (line.trim() === "") continue
    const [name, ...cells] = fieldsOf(line, refuseRow)
    if (name === "") refuseRow("has no name")
    writeCells(path, names.length, cells, classes, labels)
    names.push(name)
  }
  return { path, classes, names, labels: labels.slice(0, names.length * classes.length) }
}

/** @throws RetrieveError if there is no such file, or it is not text */
export const readTableText = (path: string): string => {
  let text: string
  try {
    text = textOf(readFileSync(path), path)
  } catch (cause) {
    if (cause instanceof DataError)
      throw new RetrieveError({ subject: path, problem: cause.problem, remedy: cause.remedy })
    const { code } = cause as NodeJS.ErrnoException
    throw refuse(path, code === "ENOENT" ? "there is no such file" : `cannot be read (${messageOf(cause)})`)
  }
  // Programs of the classic Mac OS end lines with CR alone.
  return text.includes("\n") ? text : text.replaceAll("\r", "\n")
}

/** @throws RetrieveError if there is no such file, or it is not a table of labels */
export const readLabels = (path: string): LabelTable => parseLabels(path, readTableText(path))
