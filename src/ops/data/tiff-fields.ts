/**
 * The fields of a TIFF file's first directory (TIFF 6.0, section 2; BigTIFF, whose counts and places have 8 bytes in place of
 * 2 and 4), of which nothing beyond the file's end is believed.
 */
import { DataError } from "./faults.ts"

/** More fields, or directories, than any real file has. */
const MAX_FIELDS = 4096
const MAX_DIRECTORIES = 1024

/** Sizes of the integer field types; others hold nothing that is asked for here but text. */
const INTEGERS: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 }
const TEXT = 2

/** Bytes of a value, by the types of TIFF 6.0 from 1 on, the reference of a directory, and those of BigTIFF. */
const VALUE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]

export type Refuse = (problem: string, remedy?: string) => never

export const refusing =
  (file: string): Refuse =>
  (problem, remedy = "Get the file anew: it is damaged or not such an image") => {
    throw new DataError({ subject: file, problem, remedy })
  }

/** Bytes of a file, from (inclusive) to (exclusive). */
export type Span = readonly [from: number, to: number]

/** One field: where it stands in its directory, and what it says of its values. */
interface Entry {
  readonly type: number
  readonly count: number
  /** Where its first value stands. */
  readonly from: number
  /** Bytes of all its values. */
  readonly length: number
  /** Whether the values stand in the directory itself. */
  readonly inline: boolean
}

interface Directory {
  readonly entries: ReadonlyMap<number, Entry>
  /** Tags that stand there more than once. */
  readonly twice: ReadonlySet<number>
  readonly span: Span
  /** Where the next one stands; 0 for none. */
  readonly next: number
}

export interface Fields {
  readonly littleEndian: boolean
  /** Bytes that header, directory and what has been read of its lists take. */
  readonly taken: Array<Span>
  /** Bytes that values of any field take which do not stand in the directory itself; of one that is damaged, none. */
  readonly values: ReadonlyArray<Span>
  /** All values of a tag; `undefined` where it is absent. */
  readonly list: (tag: number) => ReadonlyArray<number> | undefined
  /** The value of a tag that has one; `otherwise` where it is absent. */
  readonly one: (tag: number, otherwise: number) => number
  /** The text of a tag; `undefined` where it is absent. */
  readonly text: (tag: number) => string | undefined
  /** What each further directory says of a tag, `undefined` where nothing. */
  readonly further: (tag: number) => ReadonlyArray<number | undefined>
}

/** The whole numbers of a file, and how wide those are that tell counts and places. */
const numbersOf = (bytes: Uint8Array, refuse: Refuse) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8) refuse(`holds ${bytes.length} bytes, fewer than a TIFF header`)
  const mark = view.getUint16(0, true)
  if (mark !== 0x4949 && mark !== 0x4d4d) refuse("is not a TIFF file")
  const little = mark === 0x4949
  const version = view.getUint16(2, little)
  const big = version === 43
  if (!big && version !== 42) refuse("is not a TIFF file")
  if (big && (bytes.length < 16 || view.getUint32(4, little) !== (little ? 8 : 0x80000))) refuse("is not a TIFF file")
  const number = (at: number, size: number): number => {
    if (size === 1) return view.getUint8(at)
    if (size === 2) return view.getUint16(at, little)
    return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little))
  }
  const widths = big ? { head: 16, count: 8, entry: 20, place: 8 } : { head: 8, count: 2, entry: 12, place: 4 }
  return { little, number, widths }
}

type Numbers = ReturnType<typeof numbersOf>

const readDirectory = (bytes: Uint8Array, at: number, { number, widths }: Numbers, refuse: Refuse): Directory => {
  const { count: countBytes, entry, place } = widths
  if (at + countBytes > bytes.length) refuse("is cut short: its directory lies beyond its end")
  const count = number(at, countBytes)
  const end = at + countBytes + entry * count
  if (count > MAX_FIELDS || end + place > bytes.length) refuse("is cut short inside its directory")
  const entries = new Map<number, Entry>()
  const twice = new Set<number>()
  for (let i = 0; i < count; i++) {
    const field = at + countBytes + entry * i
    const [tag, type, values] = [number(field, 2), number(field + 2, 2), number(field + 4, place)]
    const length = values * (VALUE_BYTES[type] ?? 0)
    const inline = length <= place
    const from = inline ? field + 4 + place : number(field + 4 + place, place)
    if (entries.has(tag)) twice.add(tag)
    else entries.set(tag, { type, count: values, from, length, inline })
  }
  return { entries, twice, span: [at, end + place], next: number(end, place) }
}

/** All directories in their order; images of many pages have several. */
const directoriesOf = (bytes: Uint8Array, numbers: Numbers, refuse: Refuse): ReadonlyArray<Directory> => {
  const { head, place } = numbers.widths
  const found: Array<Directory> = []
  for (let at = numbers.number(head - place, place); at !== 0; at = found[found.length - 1].next) {
    if (found.some(({ span }) => span[0] === at) || found.length === MAX_DIRECTORIES) {
      refuse("has directories that lead in a circle")
    }
    found.push(readDirectory(bytes, at, numbers, refuse))
  }
  return found.length > 0 ? found : refuse("names no directory")
}

/**
 * Reads the first directory, and what the others say of a tag.
 *
 * @throws DataError where one lies beyond the file's end, or names a field twice that is asked for
 */
export const readFields = (bytes: Uint8Array, refuse: Refuse): Fields => {
  const numbers = numbersOf(bytes, refuse)
  const directories = directoriesOf(bytes, numbers, refuse)
  const taken: Array<Span> = [[0, numbers.widths.head], ...directories.map(({ span }) => span)]
  const values = directories
    .flatMap(({ entries }) => [...entries.values()])
    .flatMap(({ from, inline, length }): ReadonlyArray<Span> => {
      return !inline && from + length <= bytes.length ? [[from, from + length]] : []
    })
  const asked = new Set<Entry>()
  const found = ({ entries, twice }: Directory, tag: number): Entry | undefined => {
    const entry = entries.get(tag)
    if (entry === undefined) return undefined
    if (twice.has(tag)) refuse(`has the tag ${tag} twice`)
    if (entry.count === 0 || entry.from + entry.length > bytes.length) {
      refuse(`has a tag ${tag} that lies beyond its end`)
    }
    if (!entry.inline && !asked.has(entry)) taken.push([entry.from, entry.from + entry.length])
    asked.add(entry)
    return entry
  }
  const listIn = (directory: Directory, tag: number): ReadonlyArray<number> | undefined => {
    const entry = found(directory, tag)
    if (entry === undefined) return undefined
    const size = INTEGERS[entry.type]
    if (size === undefined) return refuse(`has a tag ${tag} that is not a whole number`)
    return Array.from({ length: entry.count }, (_, i) => numbers.number(entry.from + i * size, size))
  }
  const oneIn = (directory: Directory, tag: number): number | undefined => {
    const list = listIn(directory, tag)
    if (list !== undefined && list.length !== 1) refuse(`has a tag ${tag} with ${list.length} values, expected 1`)
    return list?.[0]
  }
  const [first, ...others] = directories
  return {
    littleEndian: numbers.little,
    taken,
    values,
    list: (tag) => listIn(first, tag),
    one: (tag, otherwise) => oneIn(first, tag) ?? otherwise,
    text: (tag) => {
      const entry = found(first, tag)
      if (entry === undefined) return undefined
      if (entry.type !== TEXT) return refuse(`has a tag ${tag} that is not text`)
      return Buffer.from(bytes.subarray(entry.from, entry.from + entry.length))
        .toString("latin1")
        .replace(/\0.*$/s, "")
    },
    further: (tag) => others.map((directory) => oneIn(directory, tag))
  }
}
