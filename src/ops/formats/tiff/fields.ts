/**
 * Reads the fields of a TIFF file's first directory (TIFF 6.0, section 2; BigTIFF, whose counts and places have 8 bytes in
 * place of 2 and 4). Fields that reach beyond the end of the file are refused.
 */
import { DataError } from "../data-error.ts"
import { latin1 } from "../latin1.ts"

/** More fields, or directories, than any real file has. */
const MAX_FIELDS = 4096
const MAX_DIRECTORIES = 1024

/** Bytes of the integer field types. Of the other types, only text is read. */
const INTEGERS: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 }
const TEXT = 2
const DOUBLE = 12

/** Bytes of a value, by the types of TIFF 6.0 from 1 on, the reference of a directory, and those of BigTIFF. */
const VALUE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]

/** The rational of the format, and the types that some writers use in its place: short, signed long, float and double. */
const RESOLUTION = [3, 5, 9, 11, 12]

/**
 * Types of fields that are not read, but lie beside the pixels: resolution, place, scale and transformation (GeoTIFF 1.0,
 * section 2), its keys, numbers and text, and GDAL's notes. One of another type is damaged, and the bytes that it no longer
 * covers might be read as pixels. Each type is more than one flipped bit away from a narrower one.
 */
const KNOWN_TYPES: Readonly<Record<number, ReadonlyArray<number>>> = {
  282: RESOLUTION,
  283: RESOLUTION,
  33550: [5, 10, 12, 16, 17, 18],
  33922: [5, 10, 12, 16, 17, 18],
  34264: [5, 10, 12, 16, 17, 18],
  34735: [3, 8],
  34736: [5, 10, 12, 16, 17, 18],
  34737: [1, 2, 6, 7],
  42112: [1, 2, 6, 7],
  42113: [1, 2, 6, 7]
}
const GEO_KEYS = 34735
const WIDTH = 256
/** Tags from here on belong to programs and organisations (TIFF 6.0, section 8). */
const PRIVATE = 32768

export type Refuse = (problem: string, remedy?: string) => never

export const refusing =
  (file: string): Refuse =>
  (problem, remedy = "Get the file again: it is damaged, or not such an image") => {
    throw new DataError({ subject: file, problem, remedy })
  }

/** A range of bytes, from (inclusive) to (exclusive). */
export type Span = readonly [from: number, to: number]

/** Returns each span once, in the order of their places. */
const distinct = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const sorted = [...spans].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  return sorted.filter(([from, to], i) => i === 0 || from !== sorted[i - 1][0] || to !== sorted[i - 1][1])
}

/** One field: the type, number and place of its values. */
interface Entry {
  readonly type: number
  readonly count: number
  /** The byte at which its first value begins. */
  readonly from: number
  /** Bytes of all its values. */
  readonly length: number
  /** Whether the values are in the directory itself. */
  readonly inline: boolean
}

interface Directory {
  readonly entries: ReadonlyMap<number, Entry>
  /** Tags that occur more than once. */
  readonly twice: ReadonlySet<number>
  readonly span: Span
  /** The byte at which the next directory begins; 0 if there is none. */
  readonly next: number
}

/** Reads the whole numbers of a file, and knows the width of its counts and places. */
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

  /** Reads the number of `size` bytes at a place. */
  at(place: number, size: number): number {
    if (size === 2) return this.view.getUint16(place, this.little)
    if (size === 4) return this.view.getUint32(place, this.little)
    return size === 1 ? this.view.getUint8(place) : Number(this.view.getBigUint64(place, this.little))
  }

  /** Reads numbers in double precision, one after the other. */
  doubles(place: number, count: number): ReadonlyArray<number> {
    return Array.from({ length: count }, (_, i) => this.view.getFloat64(place + 8 * i, this.little))
  }
}

/** Whether two whole numbers differ in one bit. */
const oneBitApart = (a: number, b: number): boolean => {
  const bits = (a ^ b) >>> 0
  return bits !== 0 && (bits & (bits - 1)) === 0
}

/**
 * How many numbers the geographic keys take: four, the last of which counts the keys, and four for each key (GeoTIFF 1.0,
 * section 2.4). Some writers leave spare numbers behind the keys, or count more keys than there are. The larger number is
 * taken if one of them may be the other with a flipped bit, so that no pixels are read where the keys are.
 *
 * @param head the first four numbers
 * @param count numbers that the field claims
 * @param room numbers up to the end of the file
 */
const geoCount = (head: ReadonlyArray<number>, count: number, room: number, refuse: Refuse): number => {
  const [version, revision, minor, keys] = head
  const listed = 4 * (1 + keys)
  if (count === listed) return count
  if (version !== 1 || revision !== 1 || minor > 1) refuse("has geographic keys of an unknown version")
  const flipped = oneBitApart(count, listed) || (count % 4 === 0 && oneBitApart(count / 4 - 1, keys))
  const larger = Math.max(count, listed)
  return flipped && larger <= room ? larger : Math.min(count, listed)
}

/** Reads one field, and checks that its values can lie at the place that it names. */
const readEntry = (bytes: Uint8Array, field: number, numbers: Numbers, refuse: Refuse): [tag: number, entry: Entry] => {
  const { place } = numbers.widths
  const tag = numbers.at(field, 2)
  const type = numbers.at(field + 2, 2)
  const count = numbers.at(field + 4, place)
  const size = VALUE_BYTES[type] ?? 0
  const known = KNOWN_TYPES[tag]
  // A private field of a type that no version of the format has is skipped, as the format demands.
  if (size === 0 && tag >= PRIVATE && known === undefined) return [tag, skipped(bytes, field, numbers, type, count)]
  if (size === 0 || known?.includes(type) === false) refuse(`has a tag ${tag} of type ${type}`)
  // Some writers leave a field without values; it does no harm if nobody reads it.
  if (count === 0 && known !== undefined) refuse(`has a tag ${tag} without values`)
  const inline = count * size <= place
  const from = inline ? field + 4 + place : numbers.at(field + 4 + place, place)
  let length = count * size
  if (tag === GEO_KEYS) {
    if (count < 4) refuse(`has ${count} numbers of geographic keys`)
    if (from + 4 * size > bytes.length) refuse(`has a tag ${tag} that lies beyond its end`)
    const head = [0, 1, 2, 3].map((i) => numbers.at(from + i * size, size))
    length = size * geoCount(head, count, Math.floor((bytes.length - from) / size), refuse)
  }
  if (from + length > bytes.length) refuse(`has a tag ${tag} that lies beyond its end`)
  return [tag, { type, count, from, length, inline }]
}

/** A field of an unknown type. Its values are taken for bytes if bytes can lie at their place. */
const skipped = (bytes: Uint8Array, field: number, numbers: Numbers, type: number, count: number): Entry => {
  const { place } = numbers.widths
  const from = numbers.at(field + 4 + place, place)
  const beyond = count <= place || from + count > bytes.length
  return { type, count, from, length: count, inline: beyond }
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

/**
 * All directories in their order; files of many images have several. A directory that leads back to an earlier one is the
 * last: readers that follow the chain for one image never meet the circle.
 */
const directoriesOf = (bytes: Uint8Array, numbers: Numbers, refuse: Refuse): ReadonlyArray<Directory> => {
  const { entry, head, place } = numbers.widths
  const found: Array<Directory> = []
  const seen = new Set<number>()
  let fields = 0
  for (let at = numbers.at(head - place, place); at !== 0 && !seen.has(at); at = found[found.length - 1].next) {
    if (found.length === MAX_DIRECTORIES) refuse(`has more than ${MAX_DIRECTORIES} directories`)
    seen.add(at)
    found.push(readDirectory(bytes, at, numbers, refuse))
    fields += found[found.length - 1].entries.size
    // Directories that share their bytes would take a small file's memory a thousand times.
    if (fields * entry > bytes.length) refuse("has directories that overlap")
  }
  return found.length > 0 ? found : refuse("names no directory")
}

/** The fields of a file's first directory. Methods throw DataError if a field lies beyond the end or occurs twice. */
export class Fields {
  /** The bytes of the head, the directories and the values of all fields; bytes that fields share are listed once. */
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
    const values: Array<Span> = []
    for (const { entries } of this.directories) {
      for (const { from, inline, length } of entries.values()) if (!inline) values.push([from, from + length])
    }
    this.taken = [[0, this.numbers.widths.head], ...this.directories.map(({ span }) => span), ...distinct(values)]
  }

  private entry(tag: number, { entries, twice } = this.directories[0]): Entry | undefined {
    const entry = entries.get(tag)
    if (entry === undefined) return undefined
    if (twice.has(tag)) this.refuse(`has the tag ${tag} twice`)
    if (entry.count === 0) this.refuse(`has a tag ${tag} without values`)
    return entry
  }

  /** All values of a tag; `undefined` if it is absent. */
  list(tag: number, directory = this.directories[0]): ReadonlyArray<number> | undefined {
    const entry = this.entry(tag, directory)
    if (entry === undefined) return undefined
    if (INTEGERS[entry.type] === undefined) return this.refuse(`has a tag ${tag} that is not a whole number`)
    return this.numbersOf(entry)
  }

  /** All values of a tag of numbers in double precision; `undefined` if it is absent or of another type. */
  doubles(tag: number): ReadonlyArray<number> | undefined {
    const entry = this.directories[0].entries.get(tag)
    if (entry === undefined || entry.type !== DOUBLE) return undefined
    return this.numbers.doubles(entry.from, entry.count)
  }

  /** The only value of a tag; `otherwise` if it is absent. */
  one(tag: number, otherwise: number, directory = this.directories[0]): number {
    const entry = directory.entries.get(tag)
    if (entry === undefined) return otherwise
    const size = INTEGERS[entry.type]
    if (entry.count === 1 && size !== undefined && directory.twice.size === 0) return this.numbers.at(entry.from, size)
    const list = this.list(tag, directory)
    if (list !== undefined && list.length !== 1) {
      this.refuse(`has a tag ${tag} with ${list.length} values, expected 1`)
    }
    return list?.[0] ?? otherwise
  }

  /** The text of a tag; `undefined` if it is absent. */
  text(tag: number): string | undefined {
    const entry = this.entry(tag)
    if (entry === undefined) return undefined
    if (entry.type !== TEXT) return this.refuse(`has a tag ${tag} that is not text`)
    const bytes = this.bytes.subarray(entry.from, entry.from + entry.length)
    return latin1(bytes).replace(/\0.*$/s, "")
  }

  /** The text of a tag that may be left unread; `undefined` if it is absent or not text. */
  textIfAny(tag: number): string | undefined {
    return this.directories[0].entries.get(tag)?.type === TEXT ? this.text(tag) : undefined
  }

  /** Bytes of the pieces of further images, such as overviews, if their directories list them. */
  furtherPieces(): ReadonlyArray<Span> {
    return this.directories.slice(1).flatMap(({ entries }) => {
      const numbers = (tag: number) => this.numbersOf(entries.get(tag))
      return [[273, 279] as const, [324, 325] as const].flatMap(([offsets, counts]) => {
        const lengths = numbers(counts)
        return numbers(offsets).map((from, i): Span => [from, from + (lengths[i] ?? 0)])
      })
    })
  }

  private numbersOf(entry: Entry | undefined): ReadonlyArray<number> {
    const size = INTEGERS[entry?.type ?? 0]
    if (entry === undefined || size === undefined) return []
    const found: Array<number> = []
    for (let i = 0; i < entry.count; i++) found.push(this.numbers.at(entry.from + i * size, size))
    return found
  }

  /** The value of a tag in each further directory of an image; `otherwise` if a directory lacks it but has a width. */
  further(tag: number, otherwise: number): ReadonlyArray<number> {
    const images = this.directories.slice(1).filter(({ entries }) => entries.has(tag) || entries.has(WIDTH))
    return images.map((directory) => this.one(tag, otherwise, directory))
  }
}
