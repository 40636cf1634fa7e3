/** Unpacks zip archives such as wheels: contents are read as streams, in bounded memory. */
import { createHash } from "node:crypto"
import { closeSync, createReadStream, createWriteStream, fstatSync, openSync, readSync } from "node:fs"
import { PassThrough, Transform, type TransformCallback } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createInflateRaw } from "node:zlib"
import { ZipFault, type ZipMember, zipMembers } from "../../formats/zip.ts"

export { ZipFault } from "../../formats/zip.ts"

/** Faults of the file system and interrupts pass unchanged; any other cause is a fault of the archive. */
const faultOf = (cause: unknown, problem: (said: string) => string): unknown => {
  const ours = !(cause instanceof Error) || cause instanceof ZipFault || cause.name === "AbortError"
  return ours || "syscall" in cause ? cause : new ZipFault(problem(cause.message), { cause })
}

/** Returns all files of an archive. @throws ZipFault, or what the file system throws */
export const zipEntries = async (path: string): Promise<ReadonlyArray<ZipMember>> => {
  const file = openSync(path, "r")
  try {
    const { size } = fstatSync(file)
    const read = (at: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length)
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, done, length - done, at + done)
        if (count === 0) throw new ZipFault("became shorter while it was read")
        done += count
      }
      return bytes
    }
    return zipMembers({ size, read }).filter(({ name }) => !name.endsWith("/"))
  } catch (cause) {
    if (cause instanceof ZipFault) throw new ZipFault(`cannot be read as a zip archive: it ${cause.message}`, { cause })
    throw cause
  } finally {
    closeSync(file)
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

/** Passes on as many bytes as the archive claims, and fails if there are more or fewer. */
class Counted extends Transform {
  private readonly size: number
  private seen = 0

  constructor(size: number) {
    super()
    this.size = size
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.seen += chunk.length
    if (this.seen > this.size) done(new Error(`it unpacks to more than ${this.size} bytes`))
    else done(null, chunk)
  }

  override _flush(done: TransformCallback): void {
    done(this.seen < this.size ? new Error(`it unpacks to ${this.seen} bytes of ${this.size}`) : null)
  }
}

/** The streams that give a member's content. */
const contentOf = (path: string, { at, encrypted, method, name, packed, size }: ZipMember) => {
  if (encrypted || (method !== 0 && method !== 8)) throw new ZipFault(`holds an encrypted or unusually packed ${name}`)
  // A read stream cannot be asked for no bytes.
  const bytes = packed === 0 ? PassThrough.from([]) : createReadStream(path, { start: at, end: at + packed - 1 })
  return [bytes, method === 8 ? createInflateRaw() : new PassThrough(), new Counted(size)] as const
}

/**
 * Unpacks one file to a path. More bytes than the archive announces are refused, so that no archive can fill the disk.
 *
 * @returns the content's SHA-256 as base64url, the form of a wheel's RECORD
 * @throws ZipFault, or what the file system throws
 */
export const unpackFile = async (
  path: string,
  member: ZipMember,
  target: string,
  signal: AbortSignal,
  onBytes: (count: number) => void
): Promise<string> => {
  try {
    const hashed = new Hashed(onBytes)
    await pipeline([...contentOf(path, member), hashed, createWriteStream(target)], { signal })
    return hashed.digest()
  } catch (cause) {
    throw faultOf(cause, (said) => `holds a damaged ${member.name} (${said})`)
  }
}

/** Most bytes of a text file, which is kept whole. */
const MAX_TEXT = 64 * 2 ** 20

/** Returns the text of one small file. @throws as `unpackFile` does */
export const unpackText = async (path: string, member: ZipMember, signal: AbortSignal): Promise<string> => {
  if (member.size > MAX_TEXT)
    throw new ZipFault(`holds a ${member.name} of ${member.size} bytes, more than a list needs`)
  try {
    const chunks: Array<Buffer> = []
    const collect = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        chunks.push(chunk)
        done()
      }
    })
    await pipeline([...contentOf(path, member), collect.resume()], { signal })
    return Buffer.concat(chunks).toString("utf8")
  } catch (cause) {
    throw faultOf(cause, (said) => `holds a damaged ${member.name} (${said})`)
  }
}
