/** Writes the parts of a zip archive whose members are stored, not packed (PKWARE's APPNOTE 6.3.10). */

/** One member. */
export interface ZipPart {
  readonly name: string
  /** Byte of the archive at which its own header begins. */
  readonly at: number
  readonly size: number
  readonly crc: number
}

/** 1 January 1980, the first day that archives know: equal content gives equal bytes. */
const DATE = 0x21

/** The header before the content of a member. */
export const zipLocal = ({ crc, name, size }: ZipPart): Uint8Array => {
  const text = Buffer.from(name, "utf8")
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(20, 4)
  header.writeUInt16LE(DATE, 12)
  header.writeUInt32LE(crc, 14)
  header.writeUInt32LE(size, 18)
  header.writeUInt32LE(size, 22)
  header.writeUInt16LE(text.length, 26)
  return Buffer.concat([header, text])
}

/** The directory at the end of an archive. @param at byte at which it begins */
export const zipDirectory = (parts: ReadonlyArray<ZipPart>, at: number): Uint8Array => {
  const entries = parts.map(({ at: place, crc, name, size }) => {
    const text = Buffer.from(name, "utf8")
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 4)
    entry.writeUInt16LE(20, 6)
    entry.writeUInt16LE(DATE, 14)
    entry.writeUInt32LE(crc, 16)
    entry.writeUInt32LE(size, 20)
    entry.writeUInt32LE(size, 24)
    entry.writeUInt16LE(text.length, 28)
    entry.writeUInt32LE(place, 42)
    return Buffer.concat([entry, text])
  })
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([directory, end])
}
