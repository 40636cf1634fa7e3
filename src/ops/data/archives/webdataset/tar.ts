/** Reads the members of a tar file by position, and writes small tar files. */
import { type FileHandle, open } from "node:fs/promises"
import { messageOf } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"

const BLOCK = 512
/** Bounds for damaged files: number of members, bytes of a long name, and bytes that are read at a time. */
const MOST = { members: 10_000_000, name: 65_536, read: 2 ** 31 - 1 }

/** A file within a tar file. */
export interface Member {
  readonly name: string
  /** Position of its first byte. */
  readonly at: number
  readonly size: number
}

const REMEDY = "Get the file again: it is damaged, or not a tar file"
const WHOLE = "Write files whole; the program `tar` does with `--dereference --hard-dereference`"
const refuse = (file: string, problem: string, remedy = REMEDY, cause?: unknown): never => {
  throw new DataError({ subject: file, problem, remedy, cause })
}

const opened = (file: string): Promise<FileHandle> =>
  open(file, "r").catch((cause: unknown) =>
    refuse(file, `cannot be opened (${messageOf(cause)})`, "Give the folder that holds it", cause)
  )

const text = (head: Buffer, from: number, length: number): string =>
  head
    .subarray(from, from + length)
    .toString("utf8")
    .replace(/\0.*$/s, "")

/** Reads a number from a header: octal digits, or base 256 for large numbers. NaN if the field holds anything else. */
const numberAt = (head: Buffer, from: number, length: number): number => {
  if ((head[from] & 0x80) !== 0) return Number(head.readBigUInt64BE(from + length - 8))
  const digits = text(head, from, length).trim()
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : Number.NaN
}

/** The checksum of a header: the sum of its bytes, with the field of the checksum itself as 8 spaces. */
const checksumOf = (head: Buffer): number => {
  let sum = 8 * 32
  head.forEach((byte, i) => {
    if (i < 148 || i >= 156) sum += byte
  })
  return sum
}

/** The value of `path` in a pax header: lines `LENGTH KEY=VALUE`. */
const paxPath = (content: Buffer): string | undefined => {
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.subarray(at, at + 20).toString("latin1"), 10)
    if (!(length > 0)) return undefined
    const line = content.subarray(at, at + length - 1).toString("utf8")
    const [, value] = /^\d+ path=(.*)$/s.exec(line) ?? []
    if (value !== undefined) return value
    at += length
  }
  return undefined
}

/** Reads exactly `length` bytes at `at`. */
const readAt = async (handle: FileHandle, file: string, at: number, length: number): Promise<Buffer> => {
  if (length > MOST.read) {
    return refuse(file, `has a member of ${length} bytes at byte ${at}`, "Write members of less than 2 GiB")
  }
  const bytes = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) return refuse(file, "ends within a member")
    done += bytesRead
  }
  return bytes
}

/** The type of a member: one character. */
const typeOf = (head: Buffer): string => String.fromCharCode(head[156] || "0".charCodeAt(0))

/** The name in a header, at most 255 bytes long: a prefix (ustar only) and the rest. */
const shortName = (head: Buffer): string => {
  const prefix = head.subarray(257, 262).toString("latin1") === "ustar" ? text(head, 345, 155) : ""
  const short = text(head, 0, 100)
  return prefix === "" ? short : `${prefix}/${short}`
}

/** The size of the member behind a header at `at`, in a file of `end` bytes. */
const sizeOf = (file: string, head: Buffer, at: number, end: number): number => {
  const size = numberAt(head, 124, 12)
  if (checksumOf(head) !== numberAt(head, 148, 8) || !Number.isSafeInteger(size))
    return refuse(file, `has a damaged header at byte ${at}`)
  return at + BLOCK + size > end ? refuse(file, "ends within a member") : size
}

/** Types of members whose content lies elsewhere, or in pieces: hard links, symbolic links, sparse files. */
const ELSEWHERE = ["1", "2", "S"]

/**
 * Lists the regular files of a tar file (ustar, with long names of pax or GNU), in their order. Contents are not read.
 *
 * @returns rejects with DataError if the file is damaged, ends without an empty block, or holds links or sparse files
 */
export const membersOf = async (file: string): Promise<ReadonlyArray<Member>> => {
  const handle = await opened(file)
  try {
    const { size: end } = await handle.stat()
    const members: Array<Member> = []
    let long: string | undefined
    for (let at = 0; at + BLOCK <= end; ) {
      const head = await readAt(handle, file, at, BLOCK)
      if (head.every((byte) => byte === 0)) return members
      const size = sizeOf(file, head, at, end)
      const type = typeOf(head)
      if (type === "x" || type === "L") {
        if (size > MOST.name) return refuse(file, `has a name of ${size} bytes at byte ${at}`)
        const content = await readAt(handle, file, at + BLOCK, size)
        long = type === "x" ? (paxPath(content) ?? long) : text(content, 0, size)
      } else {
        const name = (long ?? shortName(head)).replace(/^(\.\/)+/, "")
        if (ELSEWHERE.includes(type)) return refuse(file, `holds ${name} as a link or in pieces`, WHOLE)
        if (type === "0" || type === "7") members.push({ name, at: at + BLOCK, size })
        long = undefined
      }
      if (members.length > MOST.members) return refuse(file, `has more than ${MOST.members} members`)
      at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    }
    return refuse(file, "ends without an empty block, so members may be missing", "Get the file again: it was cut off")
  } finally {
    await handle.close()
  }
}

/** Reads the contents of members. @returns rejects with DataError if the file has become shorter */
export const readMembers = async (file: string, members: ReadonlyArray<Omit<Member, "name">>) => {
  const handle = await opened(file)
  try {
    const contents: Array<Buffer> = []
    for (const { at, size } of members) contents.push(await readAt(handle, file, at, size))
    return contents
  } finally {
    await handle.close()
  }
}

/** A tar file of some members with short names, without times and owners: equal contents give equal bytes. */
export const tarOf = (members: ReadonlyArray<readonly [name: string, content: Uint8Array]>): Buffer => {
  const blocks = members.flatMap(([name, content]) => {
    const head = Buffer.alloc(BLOCK)
    const octal = (value: number, length: number) => `${value.toString(8).padStart(length, "0")}\0`
    head.write(name, 0)
    head.write(octal(0o644, 7), 100)
    for (const at of [108, 116]) head.write(octal(0, 7), at)
    head.write(octal(content.length, 11), 124)
    head.write(octal(0, 11), 136)
    head.write("0", 156)
    head.write("ustar\u000000", 257)
    head.write(`${checksumOf(head).toString(8).padStart(6, "0")}\0 `, 148)
    return [head, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}
