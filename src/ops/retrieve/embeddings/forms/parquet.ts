import type { SchemaElement } from "hyparquet"
import { ByteWriter, ParquetWriter } from "hyparquet-writer"
import type { Embeddings } from "../../../elements.ts"
import { GrowingFile } from "../../../formats/files.ts"
import type { Form } from "./form.ts"

/** Numbers of one row group, which is held until it is full. */
const GROUP_VALUES = 2 ** 22

const list = (name: string, element: SchemaElement): ReadonlyArray<SchemaElement> => [
  { name, repetition_type: "REQUIRED", num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { ...element, name: "element", repetition_type: "REQUIRED" }
]
const TEXT = { name: "", type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } } as const

const SCHEMA: Array<SchemaElement> = [
  { name: "root", num_children: 4 },
  { ...TEXT, name: "name", repetition_type: "REQUIRED" },
  ...list("embedding", { name: "", type: "FLOAT" }),
  ...list("labels", TEXT),
  { ...TEXT, name: "facts", repetition_type: "OPTIONAL" }
]

/** Passes bytes on to a file at the end of every row group. */
class FileWriter extends ByteWriter {
  private readonly file: GrowingFile

  constructor(file: GrowingFile) {
    super(2 ** 20)
    this.file = file
  }

  flush(): void {
    this.file.append(this.getBytes())
    this.index = 0
  }

  override finish(): void {
    this.flush()
  }
}

interface Row {
  readonly name: string
  readonly embedding: ReadonlyArray<number>
  readonly labels: ReadonlyArray<string>
  readonly facts: string | undefined
}

const rowsOf = ({ classes, dim, facts, labels, names, vectors }: Embeddings): ReadonlyArray<Row> =>
  names.map((name, i) => ({
    name,
    embedding: Array.from(vectors.subarray(i * dim, (i + 1) * dim)),
    labels: classes.filter((_, c) => labels[i * classes.length + c] !== 0),
    facts: facts === undefined ? undefined : JSON.stringify(facts[i])
  }))

/**
 * A Parquet table: `name`, `embedding` (list of float32), `labels` (list of texts), and `facts`, a mapping in JSON. The
 * metadata `classes` is a list of all classes in JSON.
 */
export const parquetForm = (path: string): Form => {
  const file = new GrowingFile(path)
  const bytes = new FileWriter(file)
  let writer: ParquetWriter | undefined
  let waiting: Array<Row> = []
  const write = (classes: ReadonlyArray<string>) => {
    writer ??= new ParquetWriter({
      writer: bytes,
      schema: SCHEMA,
      createdBy: "orbitrank",
      kvMetadata: [{ key: "classes", value: JSON.stringify(classes) }]
    })
    if (waiting.length === 0) return
    const column = (name: keyof Row) => ({ name, data: waiting.map((row) => row[name]) as Array<unknown> })
    const plain = { encoding: "PLAIN", statistics: false } as const
    writer.write({
      columnData: [column("name"), { ...column("embedding"), ...plain }, column("labels"), column("facts")],
      rowGroupSize: waiting.length
    })
    waiting = []
  }
  return {
    path,
    append: (batch) => {
      waiting.push(...rowsOf(batch))
      if (waiting.length * batch.dim >= GROUP_VALUES || writer === undefined) write(batch.classes)
    },
    complete: () => {
      write([])
      writer?.finish()
      file.complete()
    },
    rename: () => file.rename(),
    abandon: () => file.abandon()
  }
}
