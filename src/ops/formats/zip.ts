/**
 * Reads the directory of a zip archive (PKWARE's APPNOTE 6.3.10, with zip64): the places of its members. It serves
 * weights of PyTorch, whose members are stored and read in parts, and wheels, whose members are unpacked as streams.
 */

/** The archive is damaged; the message is a clause without a subject. */
export class ZipFault extends Error {}

/** Bytes of an archive that are read in parts. */
export interface ZipSource {
  /** Size in bytes. */
  readonly size: number
  /** Reads `length` bytes, or throws if they are not all there. */
  readonly read: (at: number, length: number) => Uint8Array
}

/** One file of an archive. */
export interface ZipMember {
  readonly name: string
  /** Byte of the archive at which its packed bytes begin. */
  readonly at: number
  /** Bytes as they lie in the archive, as the directory claims. */
  readonly packed: number
  /** Bytes once unpacked, as the directory claims. */
  readonly size: number
  /** 0 for stored, 8 for deflate; others are rare. */
  readonly method: number
  readonly encrypted: boolean
}

const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
/** Bytes of the end record, of an entry and of a member's own header, without their texts. */
const [END_BYTES, ENTRY_BYTES, LOCAL_BYTES] = [22, 46, 30]
/** The end record with the longest comment. */
const TAIL = END_BYTES + 0xffff
/** Bytes of all entries: a hundred for each of a million. */
const MAX_DIRECTORY = 100e6

const damaged = () => new ZipFault("has a damaged zip directory")

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const partOf = (source: ZipSource, at: number, length: number): DataView => {
  if (!(at >= 0 && length >= 0 && at + length <= source.size)) throw damaged()
  return viewOf(source.read(at, length))
}

const wide = (view: DataView, at: number): number => {
  if (at + 8 > view.byteLength) throw damaged()
  return Number(view.getBigUint64(at, true))
}

const findDirectory = (source: ZipSource): { at: number; length: number; count: number } => {
  const from = Math.max(0, source.size - TAIL)
  const tail = partOf(source, from, source.size - from)
  let end = tail.byteLength - END_BYTES
  while (end >= 0 && tail.getUint32(end, true) !== END) end--
  if (end < 0) throw new ZipFault("is a zip archive whose end is missing")
  if (end >= 20 && tail.getUint32(end - 20, true) === LOCATOR64) {
    const record = partOf(source, wide(tail, end - 12), 56)
    if (record.getUint32(0, true) !== END64) throw damaged()
    return { count: wide(record, 32), length: wide(record, 40), at: wide(record, 48) }
  }
  const [count, length, at] = [
    tail.getUint16(end + 10, true),
    tail.getUint32(end + 12, true),
    tail.getUint32(end + 16, true)
  ]
  return { count, length, at }
}

/** Values too large for 32 bits are in the extra field, in the order size, packed size, offset. */
const widened = (values: ReadonlyArray<number>, extra: Uint8Array): ReadonlyArray<number> => {
  const view = viewOf(extra)
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue
    let next = at + 4
    return values.map((value) => {
      if (value !== 0xffffffff) return value
      next += 8
      return wide(view, next - 8)
    })
  }
  return values
}

/** One entry of the directory, the place of its own header, and the place of the next entry. */
const entryAt = (bytes: Uint8Array, head: number) => {
  if (head + ENTRY_BYTES > bytes.length) throw damaged()
  const view = viewOf(bytes.subarray(head))
  if (view.getUint32(0, true) !== CENTRAL) throw damaged()
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(field, true))
  const begin = head + ENTRY_BYTES
  const name = new TextDecoder().decode(bytes.subarray(begin, begin + nameLength))
  const [size, packed, offset] = widened(
    [24, 20, 42].map((field) => view.getUint32(field, true)),
    bytes.subarray(begin + nameLength, begin + nameLength + extraLength)
  )
  const [flags, method] = [view.getUint16(8, true), view.getUint16(10, true)]
  const next = begin + nameLength + extraLength + commentLength
  return { entry: { name, size, packed, method, encrypted: (flags & 1) !== 0 }, offset, next }
}

/**
 * Lists the members of an archive in the order of its directory; contents are not read.
 *
 * @throws ZipFault if the directory is damaged, or what `source.read` throws
 */
export const zipMembers = (source: ZipSource): ReadonlyArray<ZipMember> => {
  const { at, length, count } = findDirectory(source)
  if (length > MAX_DIRECTORY || count > length / ENTRY_BYTES) throw damaged()
  const directory = partOf(source, at, length)
  const bytes = new Uint8Array(directory.buffer, directory.byteOffset, directory.byteLength)
  const members: Array<ZipMember> = []
  for (let i = 0, head = 0; i < count; i++) {
    const { entry, next, offset } = entryAt(bytes, head)
    const local = partOf(source, offset, LOCAL_BYTES)
    if (local.getUint32(0, true) !== LOCAL) throw damaged()
    const begin = offset + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true)
    members.push({ ...entry, at: begin })
    head = next
  }
  return members
}
