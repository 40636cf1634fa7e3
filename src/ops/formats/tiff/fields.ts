/**
 * The fields of a TIFF file's first directory (TIFF 6.0, section 2; BigTIFF, whose counts and places have 8 bytes in place of
 * 2 and 4), of which nothing beyond the file's end is believed.
 */
import { DataError } from "../data-error.ts"

/** More fields, or directories, than any real file has. */
const MAX_FIELDS = 4096
const MAX_DIRECTORIES = 1024

/** Sizes of the integer field types; others hold nothing that is asked for here but text. */
const INTEGERS: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 }
const TEXT = 2

/** Bytes of a value, by the types of TIFF 6.0 from 1 on, the reference of a directory, and those of BigTIFF. */
const VALUE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]

/**
 * Bytes of a value of fields that are not read, but stand beside the pixels: resolution, place, scale and transformation
 * (GeoTIFF 1.0, section 2), its keys, numbers and text, and GDAL's notes. One of another width is damaged, and what it no
 * longer covers might be taken for pixels.
 */
const KNOWN_BYTES: Readonly<Record<number, number>> = {
  282: 8,
  283: 8,
  33550: 8,
  33922: 8,
  34264: 8,
  34735: 2,
  34736: 8,
  34737: 1,
  42112: 1,
  42113: 1
}
const GEO_KEYS = 34735

export type Refuse = (problem: string, remedy?: string) => never

export const refusing =
  (file: string): Refuse =>
  (problem, remedy = "Get the file anew: it is damaged or not such an image") => {
    throw new DataError({ subject: file, problem, remedy })
  }

/** Bytes of a file, from (inclusive) to (exclusive). */
export type Span = readonly [from: number, to: number]

/** Each span once, in the order of their places. */
const distinct = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const sorted = [...spans].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  return sorted.filter(([from, to], i) => i === 0 || from !== sorted[i - 1][0] || to !== sorted[i - 1][1])
}

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

/** The whole numbers of a file, and how wide those are that tell counts and places. */
class Numbers {
  readonly little: boolean
  /** Bytes of the file's head, of a directory's count, of a field, and of a place in the file. */
  readonly widths: { readonly head: number; readonly count: number; readonly entry: number; readonly place: number }
  private readonly view: DataView

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < 8) refuse(`holds ${bytes.length} bytes, fewer than a TIFF header`)
    const mark = this.view.getUint16(0, true)
    if (mark !== 0x4949 && mark !== 0x4d4d) refuse("is not a TIFF file")
    this.little = mark === 0x4949
    const version = this.at(2, 2)
    const big = version === 43
    if (!big && version !== 42) refuse("is not a TIFF file")
    if (big && (bytes.length < 16 || this.at(4, 2) !== 8 || this.at(6, 2) !== 0)) refuse("is not a TIFF file")
    this.widths = big ? { head: 16, count: 8, entry: 20, place: 8 } : { head: 8, count: 2, entry: 12, place: 4 }
  }

  /** The number of `size` bytes that stands at a place. */
  at(place: number, size: number): number {
    if (size === 2) return this.view.getUint16(place, this.little)
    if (size === 4) return this.view.getUint32(place, this.little)
    return size === 1 ? this.view.getUint8(place) : Number(this.view.getBigUint64(place, this.little))
  }
}

/** Reads one field, and checks that its values can stand where it says. */
const readEntry = (bytes: Uint8Array, field: number, numbers: Numbers, refuse: Refuse): [tag: number, entry: Entry] => {
  const { place } = numbers.widths
  const tag = numbers.at(field, 2)
  const type = numbers.at(field + 2, 2)
  const size = VALUE_BYTES[type] ?? 0
  if (size !== (KNOWN_BYTES[tag] ?? size) || size === 0) refuse(`has a tag ${tag} of type ${type}`)
  const count = numbers.at(field + 4, place)
  // Some writers leave a field without values that nothing is asked of.
  if (count === 0 && KNOWN_BYTES[tag] !== undefined) refuse(`has a tag ${tag} without values`)
  const length = count * size
  const inline = length <= place
  const from = inline ? field + 4 + place : numbers.at(field + 4 + place, place)
  if (from + length > bytes.length) refuse(`has a tag ${tag} that lies beyond its end`)
  // Four numbers, the last of which is how many keys follow, and as many for each key (GeoTIFF 1.0, section 2.4).
  if (tag === GEO_KEYS && (count < 4 || count !== 4 * (1 + numbers.at(from + 6, 2)))) {
    refuse(`has ${count} numbers of geographic keys`)
  }
  return [tag, { type, count, from, length, inline }]
}

const readDirectory = (bytes: Uint8Array, at: number, numbers: Numbers, refuse: Refuse): Directory => {
  const { count: countBytes, entry, place } = numbers.widths
  if (at + countBytes > bytes.length) refuse("is cut short: its directory lies beyond its end")
  const count = numbers.at(at, countBytes)
  const end = at + countBytes + entry * count
  if (count > MAX_FIELDS || end + place > bytes.length) refuse("is cut short inside its directory")
  const entries = new Map<number, Entry>()
  const twice = new Set<number>()
  for (let i = 0; i < count; i++) {
    const [tag, found] = readEntry(bytes, at + countBytes + entry * i, numbers, refuse)
    if (entries.has(tag)) twice.add(tag)
    else entries.set(tag, found)
  }
  return { entries, twice, span: [at, end + place], next: numbers.at(end, place) }
}

/** All directories in their order; files of many images have several. */
const directoriesOf = (bytes: Uint8Array, numbers: Numbers, refuse: Refuse): ReadonlyArray<Directory> => {
  const { head, place } = numbers.widths
  const found: Array<Directory> = []
  for (let at = numbers.at(head - place, place); at !== 0; at = found[found.length - 1].next) {
    if (found.some(({ span }) => span[0] === at) || found.length === MAX_DIRECTORIES) {
      refuse("has directories that lead in a circle")
    }
    found.push(readDirectory(bytes, at, numbers, refuse))
  }
  return found.length > 0 ? found : refuse("names no directory")
}

/** The fields of a file's first directory. Methods throw DataError where a field lies beyond the end or stands there twice. */
export class Fields {
  /** Bytes that head, directories and the values of any field take; those that fields have in common, once. */
  readonly taken: ReadonlyArray<Span>
  readonly littleEndian: boolean
  private readonly numbers: Numbers
  private readonly directories: ReadonlyArray<Directory>
  private readonly bytes: Uint8Array
  private readonly refuse: Refuse

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.bytes = bytes
    this.refuse = refuse
    this.numbers = new Numbers(bytes, refuse)
    this.littleEndian = this.numbers.little
    this.directories = directoriesOf(bytes, this.numbers, refuse)
    const values = this.directories.flatMap(({ entries }) =>
      [...entries.values()].filter(({ inline }) => !inline).map(({ from, length }): Span => [from, from + length])
    )
    this.taken = [[0, this.numbers.widths.head], ...this.directories.map(({ span }) => span), ...distinct(values)]
  }

  private entry(tag: number, { entries, twice } = this.directories[0]): Entry | undefined {
    const entry = entries.get(tag)
    if (entry === undefined) return undefined
    if (twice.has(tag)) this.refuse(`has the tag ${tag} twice`)
    if (entry.count === 0) this.refuse(`has a tag ${tag} without values`)
    return entry
  }

  /** All values of a tag; `undefined` where it is absent. */
  list(tag: number, directory = this.directories[0]): ReadonlyArray<number> | undefined {
    const entry = this.entry(tag, directory)
    if (entry === undefined) return undefined
    const size = INTEGERS[entry.type]
    if (size === undefined) return this.refuse(`has a tag ${tag} that is not a whole number`)
    const values = new Array<number>(entry.count)
    for (let i = 0; i < values.length; i++) values[i] = this.numbers.at(entry.from + i * size, size)
    return values
  }

  /** The value of a tag that has one; `otherwise` where it is absent. */
  one(tag: number, otherwise: number, directory = this.directories[0]): number {
    const list = this.list(tag, directory)
    if (list !== undefined && list.length !== 1) {
      this.refuse(`has a tag ${tag} with ${list.length} values, expected 1`)
    }
    return list?.[0] ?? otherwise
  }

  /** The text of a tag; `undefined` where it is absent. */
  text(tag: number): string | undefined {
    const entry = this.entry(tag)
    if (entry === undefined) return undefined
    if (entry.type !== TEXT) return this.refuse(`has a tag ${tag} that is not text`)
    const bytes = this.bytes.subarray(entry.from, entry.from + entry.length)
    return Buffer.from(bytes).toString("latin1").replace(/\0.*$/s, "")
  }

  /** The text of a tag that may be left unread; `undefined` if it is absent or not text. */
  textIfAny(tag: number): string | undefined {
    return this.directories[0].entries.get(tag)?.type === TEXT ? this.text(tag) : undefined
  }

  /** The value of a tag in each further directory; `otherwise` where it is absent there. */
  further(tag: number, otherwise: number): ReadonlyArray<number> {
    return this.directories.slice(1).map((directory) => this.one(tag, otherwise, directory))
  }
}
