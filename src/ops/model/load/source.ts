/** Random access to the bytes of a file: only the requested ones are held in memory. */

/** A file cannot be used as weights. The message is a clause whose subject is the file. */
export class FileFault extends Error {
  /** Remedy, if the usual one does not fit. */
  readonly remedy: string | undefined
  constructor(problem: string, remedy?: string) {
    super(problem)
    this.remedy = remedy
  }
}

/** A fault of a shard that an index names. */
export class ShardFault extends Error {
  readonly path: string
  constructor(path: string, cause: unknown) {
    super(path, { cause })
    this.path = path
  }
}

/** An open file, or bytes in memory. */
export interface Source {
  /** In bytes. */
  readonly size: number
  /** A copy of `length` bytes from byte `at` on. @throws FileFault if the file ends before */
  readonly read: (at: number, length: number) => Uint8Array<ArrayBuffer>
  readonly close: () => void
}

/** @throws FileFault if the bytes are not all there */
export const checkRange = (at: number, length: number, size: number): void => {
  const fits = Number.isSafeInteger(at) && Number.isSafeInteger(length) && at >= 0 && length >= 0 && at + length <= size
  if (!fits) throw new FileFault(`ends too early: it should have ${length} bytes at ${at}, but has ${size} in all`)
}

/** Bytes in memory. */
export const bytesSource = (bytes: Uint8Array): Source => ({
  size: bytes.length,
  read: (at, length) => {
    checkRange(at, length, bytes.length)
    return bytes.slice(at, at + length)
  },
  close: () => undefined
})

/** A view of `bytes` that reads numbers. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Text from a file as messages show it: at most `most` characters, control characters escaped. */
export const printableText = (text: string, most: number): string => {
  const cut = text.length > most ? `${text.slice(0, most)}...` : text
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`)
}

/** A name from a file as messages show it: its first 100 characters, control characters escaped. */
export const shortName = (name: string): string => printableText(name, 100)
