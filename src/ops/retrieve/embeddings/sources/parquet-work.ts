/** Reads embeddings, names, labels and facts from a Parquet file in a worker thread. Does not import Effect. */
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
  type SchemaTree
} from "hyparquet"
import { compressors } from "hyparquet-compressors"
import { few, messageOf } from "../../../../pipeline/words.ts"
import { factText } from "../../../formats/fact-text.ts"
import type { Work } from "../../../workers/thread.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import { centreOf } from "./centre.ts"
import { chooseArray, type Facts, type Rows } from "./source.ts"

export interface ParquetFile {
  readonly path: string
  readonly array: string | undefined
  readonly id: string | undefined
}
export type ParquetTask = "open" | { readonly from: number; readonly to: number }
/** Answer to `open`. */
export interface ParquetFacts {
  readonly rows: number
  readonly columns: number
  readonly classes: ReadonlyArray<string> | undefined
}

/** Names of columns with the names of images, most telling first. */
const IDS =
  /^(name|id|unique_id|patch_id|patch|image|image_id|image_name|filename|file|path|tile_id|chip_id|chips_id|sample_id|item_id|uuid|grid_cell|product_id|fid)$/i
/** Names of columns with labels. */
const LABELS = /^(labels?|class(es)?|tags)$/i
const GEOMETRY = /^(geometry|geom|wkb|the_geom)$/i

/** Rows of one file, at most. */
const MOST_ROWS = 100_000_000

type Kind = "vector" | "list" | "text" | "number" | "geometry" | "other"

/** The element of a list column: LIST -> group -> element. */
const leafOf = (tree: SchemaTree): SchemaTree => (tree.children.length === 1 ? leafOf(tree.children[0]) : tree)

const isText = ({ converted_type: converted, logical_type: logical }: SchemaElement): boolean =>
  converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING" || logical?.type === "ENUM"

/** Marks geometry in well-known binary as such, which GeoParquet's own metadata do and plain Parquet does not. */
const withGeometry = (metadata: FileMetaData): FileMetaData => ({
  ...metadata,
  schema: metadata.schema.map((element) => {
    const plain = element.logical_type === undefined && element.converted_type === undefined
    return plain && element.type === "BYTE_ARRAY" && GEOMETRY.test(element.name)
      ? { ...element, logical_type: { type: "GEOMETRY" } }
      : element
  })
})

const kindOf = (tree: SchemaTree): Kind => {
  const { logical_type: logical, type } = tree.element
  if (/^GEO/.test(logical?.type ?? "")) return "geometry"
  if (tree.children.length === 0) {
    if (tree.element.repetition_type === "REPEATED") return type === "FLOAT" || type === "DOUBLE" ? "vector" : "list"
    if (type === "BYTE_ARRAY") return isText(tree.element) ? "text" : "other"
    return type === "FIXED_LEN_BYTE_ARRAY" ? "other" : "number"
  }
  if (tree.children.length > 1 || tree.element.converted_type === "MAP") return "other"
  const { element } = leafOf(tree)
  if (element.type === "BYTE_ARRAY") return "list"
  const half = element.logical_type?.type === "FLOAT16"
  return element.type === "FIXED_LEN_BYTE_ARRAY" && !half ? "other" : "vector"
}

/** Roles of the columns of a file. */
interface Columns {
  readonly vector: string
  readonly id: string | undefined
  readonly labels: string | undefined
  readonly geometry: string | undefined
  readonly facts: ReadonlyArray<string>
}

const columnsOf = (path: string, schema: SchemaTree, { array, id }: ParquetFile): Columns => {
  const kinds = new Map(schema.children.map((child) => [child.element.name, kindOf(child)]))
  const ofKind = (...wanted: ReadonlyArray<Kind>) =>
    [...kinds].flatMap(([name, kind]) => (wanted.includes(kind) ? [name] : []))
  const vector = chooseArray(path, "column", ofKind("vector"), array)
  if (id !== undefined && !kinds.has(id)) {
    throw new RetrieveError({
      subject: path,
      problem: `has no column ${id}; it has ${few([...kinds.keys()], 20)}`,
      remedy: "Name the column of the images' names in `id`"
    })
  }
  const plain = ofKind("text", "number")
  const usual = IDS.source
    .slice(2, -2)
    .split("|")
    .flatMap((name) => plain.filter((one) => one.toLowerCase() === name))
  const names = id ?? usual[0] ?? ofKind("text").find((name) => !LABELS.test(name))
  const labels = ofKind("list", "text").find((name) => LABELS.test(name) && name !== names)
  return {
    vector,
    id: names,
    labels,
    geometry: ofKind("geometry")[0],
    facts: plain.filter((name) => name !== names && name !== labels)
  }
}

const labelsIn = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.map(String)
  if (typeof value !== "string") return []
  return value.split(";").flatMap((one) => one.trim() || [])
}

type Row = Readonly<Record<string, unknown>>

/** The facts that `save` writes into one column, as a mapping in JSON; `undefined` for any other text. */
const savedFacts = (name: string, text: string): Facts | undefined => {
  if (name !== "facts" || !text.startsWith("{")) return undefined
  try {
    return JSON.parse(text) as Facts
  } catch {
    return undefined
  }
}

const factsOf = (row: Row, { facts, geometry }: Columns): Facts => {
  const plain = facts.flatMap((name) => {
    const text = factText(row[name])
    if (text === undefined) return []
    return Object.entries(savedFacts(name, text) ?? { [name]: text })
  })
  const centre = geometry === undefined ? undefined : centreOf(row[geometry])
  const place = centre === undefined ? {} : { longitude: String(centre[0]), latitude: String(centre[1]) }
  return { ...Object.fromEntries(plain), ...place }
}

/** Copies a row's numbers. @throws RetrieveError if they are not `columns` numbers */
const copyVector = (path: string, number: number, value: unknown, into: Float32Array): void => {
  const length = Array.isArray(value) || ArrayBuffer.isView(value) ? (value as ArrayLike<unknown>).length : 0
  if (length === into.length) {
    const values = value as ArrayLike<number | bigint>
    for (let k = 0; k < length; k++) into[k] = Number(values[k] ?? Number.NaN)
    return
  }
  throw new RetrieveError({
    subject: path,
    problem: `row ${number + 1} has ${length} numbers, but the first row has ${into.length}`,
    remedy: "Write one embedding of equal length in each row"
  })
}

class Reader {
  private readonly file: ParquetFile
  private readonly buffer: Awaited<ReturnType<typeof asyncBufferFromFile>>
  private readonly metadata: FileMetaData
  private readonly columns: Columns
  private classes: ReadonlyArray<string> | undefined
  private dim = 0

  constructor(file: ParquetFile, buffer: Reader["buffer"], metadata: FileMetaData) {
    this.file = file
    this.buffer = buffer
    this.metadata = metadata
    this.columns = columnsOf(file.path, parquetSchema(metadata), file)
  }

  private rowsOf(columns: ReadonlyArray<string>, from: number, to: number): Promise<ReadonlyArray<Row>> {
    const { buffer, metadata } = this
    const part = { file: buffer, metadata, compressors, rowStart: from, rowEnd: to, useOffsetIndex: true }
    return parquetReadObjects({ ...part, columns: [...columns] })
  }

  /** All classes that labels name, in alphabetical order. */
  private async distinctLabels(rows: number): Promise<ReadonlyArray<string> | undefined> {
    const { labels } = this.columns
    if (labels === undefined) return undefined
    const found = new Set<string>()
    for (let from = 0; from < rows; from += 65_536) {
      for (const row of await this.rowsOf([labels], from, Math.min(rows, from + 65_536))) {
        for (const label of labelsIn(row[labels])) found.add(label)
      }
      // A column of free text has no classes.
      if (found.size > 4096) return undefined
    }
    return found.size === 0 ? undefined : [...found].sort()
  }

  async open(): Promise<ParquetFacts> {
    const rows = Number(this.metadata.num_rows)
    const refuse = (problem: string) =>
      new RetrieveError({ subject: this.file.path, problem, remedy: "Give a table with one embedding per row" })
    if (rows === 0) throw refuse("has no rows")
    if (rows > MOST_ROWS) throw refuse(`has ${rows} rows, of which at most ${MOST_ROWS} are read`)
    const [first] = await this.rowsOf([this.columns.vector], 0, 1)
    const value = first[this.columns.vector]
    this.dim = Array.isArray(value) || ArrayBuffer.isView(value) ? (value as ArrayLike<unknown>).length : 0
    if (this.dim === 0) throw refuse(`has no numbers in the first row of the column ${this.columns.vector}`)
    this.classes = await this.distinctLabels(rows)
    return { rows, columns: this.dim, classes: this.classes }
  }

  private labelsOf(rows: ReadonlyArray<Row>): Uint8Array | undefined {
    const { classes, columns } = this
    if (classes === undefined || columns.labels === undefined) return undefined
    const places = new Map(classes.map((name, c) => [name, c]))
    const labels = new Uint8Array(rows.length * classes.length)
    for (const [i, row] of rows.entries()) {
      for (const label of labelsIn(row[columns.labels])) labels[i * classes.length + (places.get(label) ?? 0)] = 1
    }
    return labels
  }

  async read(from: number, to: number): Promise<Rows> {
    const { columns, dim, file } = this
    const { facts, geometry, id, labels, vector } = columns
    const wanted = [vector, id, labels, geometry, ...facts].filter((name) => name !== undefined)
    const rows = await this.rowsOf([...new Set(wanted)], from, to)
    const vectors = new Float32Array(rows.length * dim)
    for (const [i, row] of rows.entries()) {
      copyVector(file.path, from + i, row[vector], vectors.subarray(i * dim, (i + 1) * dim))
    }
    return {
      vectors,
      names: id === undefined ? undefined : rows.map((row, i) => factText(row[id]) ?? String(from + i)),
      labels: this.labelsOf(rows),
      facts: facts.length === 0 && geometry === undefined ? undefined : rows.map((row) => factsOf(row, columns))
    }
  }
}

const opened = async (file: ParquetFile): Promise<Reader> => {
  const buffer = await asyncBufferFromFile(file.path)
  return new Reader(file, buffer, withGeometry(await parquetMetadataAsync(buffer)))
}

export const work: Work<ParquetFile, ParquetTask, ParquetFacts | Rows> = (file) => {
  let reader: ReturnType<typeof opened> | undefined
  return async (task) => {
    try {
      reader ??= opened(file)
      const known = await reader
      if (task === "open") return { output: await known.open() }
      const output = await known.read(task.from, task.to)
      return { output, transfer: [output.vectors.buffer] }
    } catch (cause) {
      if (cause instanceof RetrieveError) throw cause
      const missing = (cause as NodeJS.ErrnoException).code === "ENOENT"
      throw new RetrieveError({
        subject: file.path,
        problem: missing ? "there is no such file" : `cannot be read as Parquet (${messageOf(cause)})`,
        remedy: "Give a Parquet file with a column of lists of numbers",
        cause
      })
    }
  }
}
