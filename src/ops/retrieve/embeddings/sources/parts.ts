/** Embeddings divided into several files of one folder, in the order of their names. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { joined } from "../../../joined.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import type { Rows, Source } from "./source.ts"

/** Names in the order of people: `part-2` before `part-10`. */
const order = new Intl.Collator("en", { numeric: true }).compare

/**
 * The files of a folder that have the most frequent of some endings.
 *
 * @throws RetrieveError if there is none, or files of several endings
 */
export const partsIn = (folder: string, endings: ReadonlyArray<string>): ReadonlyArray<string> => {
  const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: folder, problem, remedy })
  const names = readdirSync(folder).filter((name) => !name.startsWith("."))
  const found = endings
    .map((ending) => ({ ending, parts: names.filter((name) => name.toLowerCase().endsWith(ending)) }))
    .filter(({ parts }) => parts.length > 0)
  if (found.length === 0) throw refuse("holds no file of embeddings", `Give a folder of ${endings.join(", ")} files`)
  if (found.length > 1) {
    throw refuse(
      `holds files of several formats (${found.map(({ ending, parts }) => `${parts.length} of ${ending}`).join(", ")})`,
      "Give a folder of one format, or the path of one file"
    )
  }
  return found[0].parts.toSorted(order).map((name) => join(folder, name))
}

/** Union of the classes of all parts, in their order; `undefined` if a part has no labels. */
const classesOf = (parts: ReadonlyArray<Source>): ReadonlyArray<string> | undefined => {
  const lists = parts.map(({ classes }) => classes)
  if (lists.some((list) => list === undefined)) return undefined
  return [...new Set(lists.flatMap((list) => list ?? []))]
}

/** Labels in the order of other classes. */
const recoded = (labels: Uint8Array, from: ReadonlyArray<string>, to: ReadonlyArray<string>): Uint8Array => {
  const rows = labels.length / from.length
  const places = from.map((name) => to.indexOf(name))
  const out = new Uint8Array(rows * to.length)
  for (let row = 0; row < rows; row++) {
    places.forEach((place, c) => {
      out[row * to.length + place] = labels[row * from.length + c]
    })
  }
  return out
}

const joinedRows = (parts: ReadonlyArray<Rows>): Rows => {
  const labels = parts.flatMap((part) => part.labels ?? [])
  const all = <A>(of: (part: Rows) => ReadonlyArray<A> | undefined) =>
    parts.every((part) => of(part) !== undefined) ? parts.flatMap((part) => of(part) ?? []) : undefined
  return {
    vectors: joined(parts.map(({ vectors }) => vectors)),
    labels: labels.length === parts.length ? joined(labels) : undefined,
    names: all(({ names }) => names),
    facts: all(({ facts }) => facts)
  }
}

/**
 * Joins opened parts to one source.
 *
 * @param folder for messages
 * @throws RetrieveError if embeddings of two parts have different lengths
 */
export const joinParts = (folder: string, parts: ReadonlyArray<Source>): Source => {
  const [{ columns, path: first }] = parts
  for (const part of parts) {
    if (part.columns === columns) continue
    throw new RetrieveError({
      subject: part.path,
      problem: `has embeddings of ${part.columns} numbers, but ${first} has embeddings of ${columns}`,
      remedy: "Give parts that one network made"
    })
  }
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, { rows }) => sum + rows, 0))
  const classes = classesOf(parts)
  const read = (from: number, to: number): Effect.Effect<Rows, RetrieveError> =>
    Effect.map(
      Effect.forEach(
        parts.map((part, i) => ({
          part,
          from: Math.max(from - starts[i], 0),
          to: Math.min(to - starts[i], part.rows)
        })),
        ({ from, part, to }) =>
          from >= to
            ? Effect.succeed([])
            : Effect.map(part.read(from, to), (rows) => [
                {
                  ...rows,
                  labels:
                    classes === undefined || rows.labels === undefined
                      ? undefined
                      : recoded(rows.labels, part.classes ?? [], classes)
                }
              ])
      ),
      (found) => joinedRows(found.flat())
    )
  return {
    path: folder,
    files: parts.flatMap(({ files }) => files),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    columns,
    classes,
    read,
    close: () => {
      for (const part of parts) part.close()
    }
  }
}

/** Opens all parts of a folder with a function that opens one file. */
export const openParts = <R>(
  folder: string,
  files: ReadonlyArray<string>,
  open: (file: string) => Effect.Effect<Source, RetrieveError, R>
): Effect.Effect<Source, RetrieveError, R | Scope.Scope> =>
  Effect.flatMap(Effect.forEach(files, open), (parts) =>
    Effect.try({ try: () => joinParts(folder, parts), catch: (cause) => cause as RetrieveError })
  )
