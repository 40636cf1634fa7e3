/** Embeddings in safetensors: a matrix of any name; `labels` and the metadata `classes` are read too, if they are there. */
import { attempt } from "../../../../pipeline/attempt.ts"
import { headerEnd, PREFIX, readHeader, refusing } from "../../../formats/safetensors/header.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import { chooseArray, type Source, type SourceOptions } from "./source.ts"
import { openBytes, readRows, type StoredRows, type StoredType, widthOf } from "./stored-rows.ts"

/** The format's names of the types that are read. */
const TYPES: Readonly<Record<string, StoredType>> = {
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
  I8: "int8"
}
const LABEL_TYPES: Readonly<Record<string, StoredType>> = { U8: "uint8", BOOL: "bool" }

const classesIn = (text: string | undefined): ReadonlyArray<string> | undefined => {
  try {
    const found: unknown = JSON.parse(text ?? "")
    return Array.isArray(found) && found.every((one) => typeof one === "string") ? found : undefined
  } catch {
    return undefined
  }
}

/**
 * Opens a file; values are read in parts.
 *
 * @throws RetrieveError if there is no such file, or it has no matrix of numbers
 * @throws DataError if its header is damaged
 */
export const openSafetensors = (path: string, { array }: SourceOptions): Source => {
  const bytes = openBytes(path)
  try {
    const refuse = refusing(path)
    const end = headerEnd(bytes.read(0, Math.min(PREFIX, bytes.size)), bytes.size, path)
    const { entries, metadata, start } = readHeader(bytes.read(0, end), bytes.size, refuse)
    const fitting = entries.filter(({ code, shape }) => Object.hasOwn(TYPES, code) && shape.length === 2)
    const chosen = chooseArray(
      path,
      "tensor",
      fitting.map(({ name }) => name),
      array
    )
    const stored = (name: string, types: Readonly<Record<string, StoredType>>): StoredRows | undefined => {
      const entry = entries.find((one) => one.name === name)
      if (entry === undefined || entry.shape.length !== 2 || !Object.hasOwn(types, entry.code)) return undefined
      const [rows, columns] = entry.shape
      const type = types[entry.code]
      if (entry.end - entry.begin !== rows * columns * widthOf(type)) {
        return refuse(`tensor ${name} has another number of bytes than its shape needs`)
      }
      return { bytes, type, rows, columns, begin: start + entry.begin }
    }
    const vectors = stored(chosen, TYPES) as StoredRows
    if (vectors.rows === 0 || vectors.columns === 0) {
      throw new RetrieveError({ subject: path, problem: `tensor ${chosen} is empty`, remedy: "Save one row per image" })
    }
    const classes = classesIn(metadata.classes)
    const labels = classes === undefined ? undefined : stored("labels", LABEL_TYPES)
    const fits = labels !== undefined && labels.rows === vectors.rows && labels.columns === classes?.length
    return {
      path,
      files: [path],
      rows: vectors.rows,
      columns: vectors.columns,
      classes: fits ? classes : undefined,
      read: (from, to) =>
        attempt(RetrieveError)(() => ({
          vectors: readRows(vectors, from, to),
          labels: fits ? Uint8Array.from(readRows(labels, from, to)) : undefined
        })),
      close: bytes.close
    }
  } catch (cause) {
    bytes.close()
    throw cause
  }
}
