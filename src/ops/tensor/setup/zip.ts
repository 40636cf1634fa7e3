/**
 * Reading zip archives: the directory at once, contents as streams in bounded memory. After PKWARE's APPNOTE 6.3.10,
 * with zip64; methods stored and deflate, which are all that wheels use.
 */
import { createHash } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { Transform, type TransformCallback } from "node:stream"
import { pipeline } from "node:stream/promises"
import { crc32, createInflateRaw } from "node:zlib"

/** The archive is damaged; the message is a clause. */
export class ZipFault extends Error {}

/** One file of an archive; sizes and offset in bytes. */
export interface ZipEntry {
  readonly name: string
  /** 0 stored, 8 deflate. */
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  /** Where its local header stands. */
  readonly offset: number
}

const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
/** The end record with the longest comment. */
const TAIL = 22 + 0xffff

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  if (position < 0 || bytesRead < length) throw new ZipFault("ends too early")
  return buffer
}

/** Position, length and number of entries of the central directory. */
const findDirectory = async (file: FileHandle): Promise<{ at: number; length: number; count: number }> => {
  const { size } = await file.stat()
  const from = Math.max(0, size - TAIL)
  const tail = await readAt(file, from, size - from)
  let end = tail.length - 22
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--
  if (end < 0) throw new ZipFault("is not a zip archive, or its end is missing")
  if (end >= 20 && tail.readUInt32LE(end - 20) === LOCATOR64) {
    const record = await readAt(file, Number(tail.readBigUInt64LE(end - 20 + 8)), 56)
    if (record.readUInt32LE(0) !== END64) throw new ZipFault("has a damaged directory")
    const [count, length, at] = [32, 40, 48].map((field) => Number(record.readBigUInt64LE(field)))
    return { at, length, count }
  }
  return { at: tail.readUInt32LE(end + 16), length: tail.readUInt32LE(end + 12), count: tail.readUInt16LE(end + 10) }
}

/** Values too great for 32 bits stand in the extra field, in the order size, packed size, offset. */
const widened = (values: ReadonlyArray<number>, extra: Buffer): ReadonlyArray<number> => {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let next = at + 4
    return values.map((value) => {
      if (value !== 0xffffffff) return value
      next += 8
      return Number(extra.readBigUInt64LE(next - 8))
    })
  }
  return values
}

/** All files of an archive. @throws ZipFault, or what the file system throws */
export const zipEntries = async (path: string): Promise<ReadonlyArray<ZipEntry>> => {
  const file = await open(path)
  try {
    const { at, length, count } = await findDirectory(file)
    const bytes = await readAt(file, at, length)
    const entries: Array<ZipEntry> = []
    for (let i = 0, head = 0; i < count; i++) {
      if (head + 46 > length || bytes.readUInt32LE(head) !== CENTRAL) throw new ZipFault("has a damaged directory")
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(head + field))
      const name = bytes.toString("utf8", head + 46, head + 46 + nameLength)
      const extra = bytes.subarray(head + 46 + nameLength, head + 46 + nameLength + extraLength)
      const narrow = [24, 20, 42].map((field) => bytes.readUInt32LE(head + field))
      const [size, packed, offset] = widened(narrow, extra)
      const entry = { name, method: bytes.readUInt16LE(head + 10), crc: bytes.readUInt32LE(head + 16) }
      if (!name.endsWith("/")) entries.push({ ...entry, packed, size, offset })
      head += 46 + nameLength + extraLength + commentLength
    }
    return entries
  } finally {
    await file.close()
  }
}

/** Passes bytes on while it sums them up; refuses more than were announced, so that no archive fills a disk. */
class Checked extends Transform {
  private readonly entry: ZipEntry
  private readonly onBytes: (count: number) => void
  private readonly hash = createHash("sha256")
  private crc = 0
  private size = 0

  constructor(entry: ZipEntry, onBytes: (count: number) => void) {
    super()
    this.entry = entry
    this.onBytes = onBytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.size += chunk.length
    if (this.size > this.entry.size) {
      done(new ZipFault(`holds more of ${this.entry.name} than it says`))
      return
    }
    this.crc = crc32(chunk, this.crc)
    this.hash.update(chunk)
    this.onBytes(chunk.length)
    done(null, chunk)
  }

  /** The sha-256 as base64url. @throws ZipFault where size or checksum are not as announced */
  verdict(): string {
    const { name, size, crc } = this.entry
    if (this.size !== size || this.crc !== crc) throw new ZipFault(`holds a damaged ${name}`)
    return this.hash.digest("base64url")
  }
}

const contentStart = async (path: string, entry: ZipEntry): Promise<number> => {
  const file = await open(path)
  try {
    const head = await readAt(file, entry.offset, 30)
    if (head.readUInt32LE(0) !== LOCAL) throw new ZipFault(`holds a damaged ${entry.name}`)
    return entry.offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28)
  } finally {
    await file.close()
  }
}

/**
 * Unpacks one file to a stream's end. @returns the content's sha-256 as base64url, the form of a wheel's RECORD
 * @throws ZipFault, or what the file system throws
 */
const unpackTo = async (
  path: string,
  entry: ZipEntry,
  sink: NodeJS.WritableStream,
  signal: AbortSignal,
  onBytes: (count: number) => void
): Promise<string> => {
  if (entry.method !== 0 && entry.method !== 8) throw new ZipFault(`packs ${entry.name} in an unknown way`)
  const start = await contentStart(path, entry)
  const checked = new Checked(entry, onBytes)
  const packed = createReadStream(path, {
    start,
    end: Math.max(start, start + entry.packed - 1),
    highWaterMark: 1 << 18
  })
  try {
    if (entry.packed === 0) packed.destroy()
    if (entry.packed === 0) await pipeline([], checked, sink, { signal })
    else if (entry.method === 0) await pipeline(packed, checked, sink, { signal })
    else await pipeline(packed, createInflateRaw({ chunkSize: 1 << 18 }), checked, sink, { signal })
  } catch (cause) {
    // zlib's own faults say nothing of the archive.
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
    throw code.startsWith("Z_") ? new ZipFault(`holds a damaged ${entry.name}`) : cause
  }
  return checked.verdict()
}

/** Unpacks one file to a path; see `unpackTo`. */
export const unpackFile = (
  path: string,
  entry: ZipEntry,
  target: string,
  signal: AbortSignal,
  onBytes: (count: number) => void
): Promise<string> => unpackTo(path, entry, createWriteStream(target), signal, onBytes)

/** The text of one file, for files that are small. */
export const unpackText = async (path: string, entry: ZipEntry, signal: AbortSignal): Promise<string> => {
  const chunks: Array<Buffer> = []
  const sink = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    }
  })
  sink.resume()
  await unpackTo(path, entry, sink, signal, () => {})
  return Buffer.concat(chunks).toString("utf8")
}
