/**
 * The zip archives that PyTorch writes: their members stand uncompressed, so that nothing can grow while it is read. After
 * PKWARE's APPNOTE 6.3.10, with zip64.
 */
import { FileFault, printable, type Source, viewOf } from "../source.ts"

const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
/** The end record with the longest comment. */
const TAIL = 22 + 0xffff
/** Of all entries; a hundred bytes for each of a million. */
const MOST_DIRECTORY = 100e6

interface Place {
  readonly at: number
  readonly size: number
}

const damaged = () => new FileFault("has a damaged zip directory")

const big = (view: DataView, at: number): number => {
  if (at + 8 > view.byteLength) throw damaged()
  return Number(view.getBigUint64(at, true))
}

const findDirectory = (source: Source): { at: number; length: number; count: number } => {
  const from = Math.max(0, source.size - TAIL)
  const tail = viewOf(source.read(from, source.size - from))
  let end = tail.byteLength - 22
  while (end >= 0 && tail.getUint32(end, true) !== END) end--
  if (end < 0) throw new FileFault("is a zip archive whose end is missing")
  if (end >= 20 && tail.getUint32(end - 20, true) === LOCATOR64) {
    const record = viewOf(source.read(big(tail, end - 12), 56))
    if (record.getUint32(0, true) !== END64) throw damaged()
    return { count: big(record, 32), length: big(record, 40), at: big(record, 48) }
  }
  const [count, length, at] = [
    tail.getUint16(end + 10, true),
    tail.getUint32(end + 12, true),
    tail.getUint32(end + 16, true)
  ]
  return { count, length, at }
}

/** Values too great for 32 bits stand in the extra field, in the order size, packed size, offset. */
const widened = (values: ReadonlyArray<number>, extra: Uint8Array): ReadonlyArray<number> => {
  const view = viewOf(extra)
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue
    let next = at + 4
    return values.map((value) => {
      if (value !== 0xffffffff) return value
      next += 8
      return big(view, next - 8)
    })
  }
  return values
}

const entryAt = (bytes: Uint8Array, head: number) => {
  if (head + 46 > bytes.length) throw damaged()
  const view = viewOf(bytes.subarray(head))
  if (view.getUint32(0, true) !== CENTRAL) throw damaged()
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(field, true))
  const name = new TextDecoder().decode(bytes.subarray(head + 46, head + 46 + nameLength))
  const extra = bytes.subarray(head + 46 + nameLength, head + 46 + nameLength + extraLength)
  const [size, packed, offset] = widened(
    [24, 20, 42].map((field) => view.getUint32(field, true)),
    extra
  )
  if (view.getUint16(10, true) !== 0 || size !== packed || (view.getUint16(8, true) & 1) !== 0) {
    throw new FileFault(`holds a compressed or encrypted member ${printable(name)}, which PyTorch does not write`)
  }
  return { name, size, offset, next: head + 46 + nameLength + extraLength + commentLength }
}

/** Members of an archive: where their bytes stand. */
export const zipMembers = (source: Source): ReadonlyMap<string, Place> => {
  const { at, length, count } = findDirectory(source)
  if (length > MOST_DIRECTORY) throw damaged()
  const bytes = source.read(at, length)
  const members = new Map<string, Place>()
  for (let i = 0, head = 0; i < count; i++) {
    const { name, size, offset, next } = entryAt(bytes, head)
    const local = viewOf(source.read(offset, 30))
    if (local.getUint32(0, true) !== LOCAL) throw damaged()
    members.set(name, { at: offset + 30 + local.getUint16(26, true) + local.getUint16(28, true), size })
    head = next
  }
  return members
}
