/** Labels and names of embeddings, from the files that a user names and from the file of the embeddings itself. */
import { few } from "../../../../pipeline/words.ts"
import { readCsv } from "../../../formats/csv.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import { type LabelTable, parseLabels, readTableText } from "../labels-file.ts"
import { type Facts, type Rows, reading, type Source } from "../sources/source.ts"
import { parseListTable } from "./list-column.ts"
import { type LabelMatrix, readLabelMatrix } from "./matrix.ts"
import { positions } from "./names.ts"

/** Names, labels and facts of some rows. */
export interface Known {
  readonly names: ReadonlyArray<string>
  readonly labels: Uint8Array
  readonly facts?: ReadonlyArray<Facts> | undefined
}

/** What is known of the images of a source. */
export interface Images {
  readonly classes: ReadonlyArray<string>
  /** Files beside the embeddings that it was read from. */
  readonly files: ReadonlyArray<string>
  /** @throws RetrieveError if the table lacks one of the names that the source gives */
  readonly of: (rows: Rows, from: number, to: number) => Known
}

const SAME_ORDER = "Give one row of labels per embedding, in the same order"

const checkCount = (path: string, found: number, what: string, source: Source): void => {
  if (found === source.rows) return
  throw new RetrieveError({
    subject: path,
    problem: `has ${found} ${what}, but ${source.path} has ${source.rows} embeddings`,
    remedy: what === "rows" ? SAME_ORDER : "Give one name per embedding, in the same order"
  })
}

/** Names by position where nothing names the images. */
const numbered = (from: number, to: number): ReadonlyArray<string> =>
  Array.from({ length: to - from }, (_, i) => String(from + i))

const both = (a: ReadonlyArray<Facts> | undefined, b: ReadonlyArray<Facts> | undefined) =>
  a === undefined ? b : b === undefined ? a : a.map((one, i) => ({ ...one, ...b[i] }))

/** Names in a text file: one per line, or the first column of a table with a header. */
const readNames = (path: string): ReadonlyArray<string> =>
  reading(() => {
    const text = readTableText(path)
    if (!/\.(csv|tsv)$/i.test(path)) return text.split(/\r?\n/).filter((line) => line.trim() !== "")
    return readCsv(text, path, { delimiter: "detect" })
      .slice(1)
      .map(([name]) => name)
  })

/** Looks the rows of a source up in a table by their names. */
const byName = (table: LabelTable): Images["of"] => {
  const find = positions(table.names)
  const width = table.classes.length
  return ({ facts, names = [] }) => {
    const rows = names.map(find)
    const missing = names.filter((_, i) => rows[i] === undefined)
    if (missing.length > 0) {
      throw new RetrieveError({
        subject: table.path,
        problem: `has no row for ${few(missing)}`,
        remedy: "Give labels of every image, under the names that the embeddings have"
      })
    }
    const labels = new Uint8Array(names.length * width)
    rows.forEach((row = 0, i) => {
      labels.set(table.labels.subarray(row * width, (row + 1) * width), i * width)
    })
    const own = table.facts
    return { names, labels, facts: both(facts, own && rows.map((row = 0) => own[row])) }
  }
}

/** Takes the rows of a table or matrix in their order. */
const byOrder =
  (
    { classes, labels }: Pick<LabelTable | LabelMatrix, "classes" | "labels">,
    names: ReadonlyArray<string> | undefined,
    own: ReadonlyArray<Facts> | undefined
  ): Images["of"] =>
  ({ facts, names: given }, from, to) => ({
    names: names?.slice(from, to) ?? given ?? numbered(from, to),
    labels: labels.slice(from * classes.length, to * classes.length),
    facts: both(facts, own?.slice(from, to))
  })

export interface GivenFiles {
  /** Table or matrix of labels. */
  readonly labels: string | undefined
  /** File of names. */
  readonly names: string | undefined
  /** Names of the classes of a matrix. */
  readonly classes: ReadonlyArray<string> | undefined
}

/**
 * Finds names and labels of the images of a source. Labels: those of the file `labels`, else those of the source itself, else
 * none. Names: those of the file `names`, of the source, of the table of labels, else the numbers of the rows.
 *
 * @param named whether the source names its images; rows of a table are then found by name
 * @throws RetrieveError if a file is missing, wrong, or has another number of rows
 */
export const imagesOf = (source: Source, named: boolean, given: GivenFiles): Images => {
  const names = given.names === undefined ? undefined : readNames(given.names)
  if (names !== undefined) checkCount(given.names as string, names.length, "names", source)
  const files = [given.names, given.labels].filter((file) => file !== undefined)
  const path = given.labels
  if (path === undefined) {
    const classes = source.classes ?? []
    const of: Images["of"] = ({ facts, labels = new Uint8Array(0), names: own }, from, to) => ({
      names: names?.slice(from, to) ?? own ?? numbered(from, to),
      labels,
      facts
    })
    return { classes, files, of }
  }
  if (path.toLowerCase().endsWith(".npy")) {
    const matrix = readLabelMatrix(path, given.classes)
    checkCount(path, matrix.rows, "rows", source)
    return { classes: matrix.classes, files, of: byOrder(matrix, names, undefined) }
  }
  const table = reading(() => {
    const text = readTableText(path)
    return parseListTable(path, text) ?? parseLabels(path, text)
  })
  const { classes } = table
  if (names !== undefined) {
    const find = byName(table)
    return { classes, files, of: (rows, from, to) => find({ ...rows, names: names.slice(from, to) }, from, to) }
  }
  if (named) return { classes, files, of: byName(table) }
  checkCount(path, table.names.length, "rows", source)
  return { classes, files, of: byOrder(table, table.names, table.facts) }
}
