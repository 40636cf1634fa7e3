/** Labels as a matrix of 0 and 1 in a `.npy` file, [images, classes]. */
import { RetrieveError } from "../../retrieve-error.ts"
import { openNpy } from "../sources/npy.ts"
import { readRows, type StoredType } from "../sources/stored-rows.ts"

const TYPES: ReadonlyArray<StoredType> = [
  ...["bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "float16", "float32", "float64"]
] as ReadonlyArray<StoredType>

/** A matrix of labels; rows have no names. */
export interface LabelMatrix {
  readonly path: string
  readonly rows: number
  readonly classes: ReadonlyArray<string>
  /** uint8 [rows, classes]. */
  readonly labels: Uint8Array
}

/**
 * Reads a matrix of labels.
 *
 * @param names names of the classes; by default `class 0`, `class 1`, ...
 * @throws RetrieveError if it is not a matrix of 0 and 1, or `names` has another length
 */
export const readLabelMatrix = (path: string, names: ReadonlyArray<string> | undefined): LabelMatrix => {
  const stored = openNpy(path, TYPES)
  try {
    const { columns, rows } = stored
    const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: path, problem, remedy })
    const values = readRows(stored, 0, rows)
    const wrong = values.findIndex((value) => value !== 0 && value !== 1)
    if (wrong >= 0) {
      throw refuse(
        `row ${Math.floor(wrong / columns) + 1} has ${values[wrong]} in column ${(wrong % columns) + 1}, which is neither 0 nor 1`,
        "Give one row of 0 and 1 per image"
      )
    }
    if (names !== undefined && names.length !== columns) {
      throw refuse(`has ${columns} classes, but \`classes\` names ${names.length}`, "Name every class, in its order")
    }
    const classes = names ?? Array.from({ length: columns }, (_, c) => `class ${c}`)
    return { path, rows, classes, labels: Uint8Array.from(values) }
  } finally {
    stored.bytes.close()
  }
}
