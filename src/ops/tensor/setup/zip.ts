/** Reads zip archives such as wheels: the directory at once, contents as streams in bounded memory. */
import { createHash } from "node:crypto"
import { createWriteStream } from "node:fs"
import { Transform, type TransformCallback } from "node:stream"
import { pipeline } from "node:stream/promises"
import { type Entry, openPromise, type ZipFile } from "yauzl"

/** The archive is damaged; the message is a clause without a subject. */
export class ZipFault extends Error {}

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string
  /** Unpacked size in bytes. */
  readonly size: number
  readonly entry: Entry
}

/** Faults of the file system and interrupts pass unchanged; any other cause is a fault of the archive. */
const faultOf = (cause: unknown, problem: (said: string) => string): unknown => {
  const ours = !(cause instanceof Error) || cause instanceof ZipFault || cause.name === "AbortError"
  return ours || "syscall" in cause ? cause : new ZipFault(problem(cause.message), { cause })
}

const opened = async <A>(path: string, use: (zip: ZipFile) => Promise<A>): Promise<A> => {
  const zip = await openPromise(path, { autoClose: false, lazyEntries: true })
  try {
    return await use(zip)
  } finally {
    zip.close()
  }
}

/** Returns all files of an archive. @throws ZipFault, or what the file system throws */
export const zipEntries = async (path: string): Promise<ReadonlyArray<ZipEntry>> => {
  try {
    return await opened(path, async (zip) => {
      const entries: Array<ZipEntry> = []
      for await (const entry of zip.eachEntry()) {
        const { fileName, uncompressedSize } = entry
        if (!fileName.endsWith("/")) entries.push({ name: fileName, size: uncompressedSize, entry })
      }
      return entries
    })
  } catch (cause) {
    throw faultOf(cause, (said) => `cannot be read as a zip archive (${said})`)
  }
}

/** Passes bytes on and computes their SHA-256. */
class Hashed extends Transform {
  private readonly onBytes: (count: number) => void
  private readonly hash = createHash("sha256")

  constructor(onBytes: (count: number) => void) {
    super()
    this.onBytes = onBytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.hash.update(chunk)
    this.onBytes(chunk.length)
    done(null, chunk)
  }

  digest(): string {
    return this.hash.digest("base64url")
  }
}

/**
 * Unpacks one file to a path. More bytes than the archive announces are refused, so that no archive can fill the disk.
 *
 * @returns the content's SHA-256 as base64url, the form of a wheel's RECORD
 * @throws ZipFault, or what the file system throws
 */
export const unpackFile = async (
  path: string,
  { entry, name }: ZipEntry,
  target: string,
  signal: AbortSignal,
  onBytes: (count: number) => void
): Promise<string> => {
  try {
    return await opened(path, async (zip) => {
      const hashed = new Hashed(onBytes)
      await pipeline(await zip.openReadStreamPromise(entry), hashed, createWriteStream(target), { signal })
      return hashed.digest()
    })
  } catch (cause) {
    throw faultOf(cause, (said) => `holds a damaged ${name} (${said})`)
  }
}

/** Returns the text of one small file. @throws as `unpackFile` does */
export const unpackText = async (path: string, { entry, name }: ZipEntry, signal: AbortSignal): Promise<string> => {
  try {
    return await opened(path, async (zip) => {
      const chunks: Array<Buffer> = []
      await pipeline(
        await zip.openReadStreamPromise(entry),
        async (content: AsyncIterable<Buffer>) => {
          for await (const chunk of content) chunks.push(chunk)
        },
        { signal }
      )
      return Buffer.concat(chunks).toString("utf8")
    })
  } catch (cause) {
    throw faultOf(cause, (said) => `holds a damaged ${name} (${said})`)
  }
}
