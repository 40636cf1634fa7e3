/** Embeddings in `.npz` archives, as `numpy.savez` and `numpy.savez_compressed` write them. */
import { inflateRawSync } from "node:zlib"
import { attempt } from "../../../../pipeline/attempt.ts"
import { messageOf } from "../../../../pipeline/words.ts"
import { ZipFault, type ZipMember, zipMembers } from "../../../formats/zip.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import { npyHeaderOf, npyRows } from "./npy.ts"
import { chooseArray, type Source, type SourceOptions } from "./source.ts"
import { type Bytes, bytesInMemory, openBytes, readRows } from "./stored-rows.ts"

/** Bytes of a compressed array, which is unpacked in memory. */
const MOST_UNPACKED = 2 ** 31 - 2 ** 20

const SAVE = "Save it again with `numpy.savez(path, embeddings=E)`"

/** The bytes of a member: stored ones are read in parts, compressed ones are unpacked. */
const memberBytes = (archive: Bytes, { at, encrypted, method, name, packed, size }: ZipMember): Bytes => {
  const path = `${archive.path} (${name})`
  const refuse = (problem: string): never => {
    throw new RetrieveError({ subject: path, problem, remedy: SAVE })
  }
  if (encrypted) return refuse("is encrypted")
  if (at + packed > archive.size) return refuse("is cut short")
  if (method === 0) return { path, size, read: (from, length) => archive.read(at + from, length), close: () => {} }
  if (method !== 8) return refuse(`is packed by the method ${method}, which is not read`)
  if (size > MOST_UNPACKED) return refuse(`is compressed and has ${size} bytes; at most ${MOST_UNPACKED} are unpacked`)
  try {
    const content = inflateRawSync(archive.read(at, packed), { maxOutputLength: size + 1 })
    if (content.length === size) return bytesInMemory(path, content)
  } catch (cause) {
    return refuse(`cannot be unpacked (${messageOf(cause)})`)
  }
  return refuse("has another length than the archive says")
}

/** Texts of an array of NumPy's type `<U`: four bytes per character, filled up with zeros. */
const textsOf = (bytes: Bytes): ReadonlyArray<string> | undefined => {
  const refuse = (problem: string): never => {
    throw new RetrieveError({ subject: bytes.path, problem, remedy: SAVE })
  }
  const { begin, descr, shape } = npyHeaderOf(bytes, refuse)
  const width = Number(/^<U(\d+)$/.exec(descr)?.[1])
  if (!(width > 0)) return undefined
  if (shape.length !== 1 || begin + 4 * width * shape[0] > bytes.size) return refuse("is not a list of texts")
  const units = new Uint32Array(bytes.read(begin, 4 * width * shape[0]).buffer)
  return Array.from({ length: shape[0] }, (_, i) => {
    const end = units.subarray(i * width, (i + 1) * width).indexOf(0)
    return String.fromCodePoint(...units.subarray(i * width, end < 0 ? (i + 1) * width : i * width + end))
  })
}

/** Whether a member is a matrix of numbers. */
const isMatrix = (bytes: Bytes): boolean => {
  const quiet = (): never => {
    throw new ZipFault("has a member that is not an array")
  }
  try {
    const { descr, shape } = npyHeaderOf(bytes, quiet)
    return shape.length === 2 && /[fiu]\d+$/.test(descr)
  } catch {
    return false
  }
}

/** @throws RetrieveError if an array beside the embeddings has another number of rows */
const checkRows = (path: string, what: string, found: number, rows: number): void => {
  if (found === rows) return
  throw new RetrieveError({
    subject: path,
    problem: `has ${found} ${what}, but ${rows} embeddings`,
    remedy: "Save one row per image in each array"
  })
}

/**
 * Opens an archive: the array that `array` names, else the only matrix or one called `embeddings`; and, if it has them, the
 * texts `names` and `classes` and the matrix `labels` of 0 and 1.
 *
 * @throws RetrieveError if it is not such an archive
 */
export const openNpz = (path: string, { array }: SourceOptions): Source => {
  const archive = openBytes(path)
  try {
    const members = zipMembers({ size: archive.size, read: archive.read }).filter(({ name }) => name.endsWith(".npy"))
    // Compressed arrays are unpacked once.
    const arrays = new Map(members.map((member) => [member.name.slice(0, -4), memberBytes(archive, member)]))
    const matrices = [...arrays].filter(([name, bytes]) => isMatrix(bytes) && (name !== "labels" || array === name))
    const chosen = chooseArray(
      path,
      "array",
      matrices.map(([name]) => name),
      array
    )
    const stored = npyRows(arrays.get(chosen) as Bytes)
    const [named, listed, labelled] = [
      ["names", "name", "ids", "id"].flatMap((name) => arrays.get(name) ?? [])[0],
      arrays.get("classes"),
      arrays.get("labels")
    ]
    const names = named === undefined ? undefined : textsOf(named)
    const classes = listed === undefined ? undefined : textsOf(listed)
    const known = classes !== undefined && labelled !== undefined && chosen !== "labels"
    const labels = known ? npyRows(labelled, ["uint8", "bool", "int8"]) : undefined
    if (names !== undefined) checkRows(path, "names", names.length, stored.rows)
    if (labels !== undefined) checkRows(path, "rows of labels", labels.rows, stored.rows)
    if (labels !== undefined && classes !== undefined)
      checkRows(path, "columns of labels", labels.columns, classes.length)
    return {
      path,
      files: [path],
      rows: stored.rows,
      columns: stored.columns,
      classes: labels === undefined ? undefined : classes,
      read: (from, to) =>
        attempt(RetrieveError)(() => ({
          vectors: readRows(stored, from, to),
          names: names?.slice(from, to),
          labels: labels === undefined ? undefined : Uint8Array.from(readRows(labels, from, to))
        })),
      close: archive.close
    }
  } catch (cause) {
    archive.close()
    if (!(cause instanceof ZipFault)) throw cause
    throw new RetrieveError({ subject: path, problem: cause.message, remedy: SAVE, cause })
  }
}
