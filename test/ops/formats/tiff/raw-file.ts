/** Writes little-endian TIFF files field by field, so that a test can give them what no well-meaning writer does. */

/** A field: its values are numbers of the type's width, or bytes as they are. */
export interface RawField {
  readonly tag: number
  readonly type: number
  readonly values: ReadonlyArray<number> | Uint8Array
  /** What the field says of its number of values; by default, how many there are. */
  readonly count?: number
}

const WIDTHS: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 11: 4, 12: 8, 16: 8 }

const encoded = ({ type, values }: RawField): Buffer => {
  if (values instanceof Uint8Array) return Buffer.from(values)
  const width = WIDTHS[type]
  const bytes = Buffer.alloc(width * values.length)
  values.forEach((value, i) => {
    if (type === 11) bytes.writeFloatLE(value, i * width)
    else if (type === 12) bytes.writeDoubleLE(value, i * width)
    else if (type === 5) bytes.writeBigUInt64LE(BigInt(value), i * width)
    else if (width === 8) bytes.writeBigUInt64LE(BigInt(value), i * width)
    else bytes.writeUIntLE(value, i * width, width)
  })
  return bytes
}

export const short = (tag: number, ...values: ReadonlyArray<number>): RawField => ({ tag, type: 3, values })
export const long = (tag: number, ...values: ReadonlyArray<number>): RawField => ({ tag, type: 4, values })
export const text = (tag: number, value: string): RawField => ({ tag, type: 2, values: Buffer.from(`${value}\0`) })

/** Pixels from byte 8 on, then the directory, then the values that do not fit into it. */
export const rawTiff = (pixels: Uint8Array, fields: ReadonlyArray<RawField>): Buffer => {
  const sorted = [...fields].sort((a, b) => a.tag - b.tag)
  const begin = 8 + pixels.length + (pixels.length % 2)
  const directory = Buffer.alloc(2 + 12 * sorted.length + 4)
  directory.writeUInt16LE(sorted.length, 0)
  const beyond: Array<Buffer> = []
  let at = begin + directory.length
  for (const [i, field] of sorted.entries()) {
    const bytes = encoded(field)
    const entry = 2 + 12 * i
    directory.writeUInt16LE(field.tag, entry)
    directory.writeUInt16LE(field.type, entry + 2)
    directory.writeUInt32LE(field.count ?? bytes.length / (WIDTHS[field.type] ?? 1), entry + 4)
    if (bytes.length <= 4) bytes.copy(directory, entry + 8)
    else {
      directory.writeUInt32LE(at, entry + 8)
      beyond.push(bytes)
      at += bytes.length
    }
  }
  const head = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0])
  head.writeUInt32LE(begin, 4)
  return Buffer.concat([head, pixels, Buffer.alloc(pixels.length % 2), directory, ...beyond])
}

/** The fields of a plain image of one strip. */
export const plainFields = (height: number, width: number, bits: number, bytes: number): ReadonlyArray<RawField> => [
  short(256, width),
  short(257, height),
  short(258, bits),
  short(259, 1),
  short(262, 1),
  long(273, 8),
  short(277, 1),
  short(278, height),
  long(279, bytes)
]

/** Fields with some in place of those of their tags, or added, and without those of some tags. */
export const changedFields = (
  fields: ReadonlyArray<RawField>,
  changes: ReadonlyArray<RawField>,
  without: ReadonlyArray<number> = []
): ReadonlyArray<RawField> => [
  ...fields.filter(({ tag }) => !without.includes(tag) && !changes.some((change) => change.tag === tag)),
  ...changes
]
