/** Reading files of archives: errors of the file system become errors that name the file. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs"
import { open, readdir, readFile } from "node:fs/promises"
import { join, relative, sep } from "node:path"
import { isMainThread } from "node:worker_threads"
import { messageOf } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import { type AtOnce, readingAtOnce } from "../../at-once.ts"
import { type Entry, entryOf, isShown, type Trail, trailInto } from "./entries.ts"

/**
 * Reading on the calling thread takes a fifth of the time for small files. Worker threads always do so, because nothing else waits
 * there.
 */
const atOnce: AtOnce = isMainThread ? readingAtOnce() : (read) => read()

const bytesOfFile = async (file: string): Promise<Buffer> => atOnce(() => readFileSync(file)) ?? readFile(file)

const REMEDY = "Unpack the archive again, or leave out bad patches with `on_bad_patch: skip`"

/** Runs a read, and converts errors of the file system to errors that name the file. */
const naming = async <A>(file: string, missing: string, remedy: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT"
    throw new DataError({
      subject: file,
      problem: absent ? missing : `cannot be read (${messageOf(cause)})`,
      remedy,
      cause
    })
  }
}

/**
 * A file's bytes.
 *
 * @param missing the problem if there is no such file: "is missing: band B02 of the patch"
 * @param remedy by default that of a bad patch
 * @returns rejects with DataError
 */
export const readArchiveFile = (file: string, missing: string, remedy = REMEDY): Promise<Buffer> =>
  naming(file, missing, remedy, () => bytesOfFile(file))

/** Memory of files that are no longer in use; larger files get memory of their own. */
const spare: Array<Buffer> = []
const SPARE_BYTES = 2 ** 18

/**
 * Reads a file and passes its bytes on, which are valid until the promise of `use` settles: then another file may take their
 * place. This saves fresh memory for every file, which costs as much as reading.
 *
 * @param use must copy what it keeps
 * @returns rejects with DataError if the file cannot be read, and with what `use` rejects
 */
export const usingArchiveFile = async <A>(
  file: string,
  missing: string,
  use: (bytes: Uint8Array) => Promise<A>
): Promise<A> => {
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(SPARE_BYTES)
  try {
    const size = await naming(file, missing, REMEDY, async () => atOnce(() => readInto(memory, file)))
    const isRead = size !== undefined && size < memory.length
    return await use(isRead ? memory.subarray(0, size) : await readArchiveFile(file, missing))
  } finally {
    spare.push(memory)
  }
}

/** Reads the beginning of a file. @returns how many bytes there were, at most `memory.length` */
const readInto = (memory: Buffer, file: string): number => {
  const fd = openSync(file, "r")
  try {
    let size = 0
    for (let read = 1; read > 0 && size < memory.length; size += read) {
      read = readSync(fd, memory, size, memory.length - size, null)
    }
    return size
  } finally {
    closeSync(fd)
  }
}

/**
 * The first `most` bytes of a file, or all if it has fewer.
 *
 * @param missing the problem if there is no such file
 * @returns rejects with DataError
 */
export const readArchiveStart = (file: string, missing: string, most: number): Promise<Buffer> =>
  naming(file, missing, REMEDY, async () => {
    const handle = await open(file)
    try {
      const memory = Buffer.allocUnsafeSlow(Math.min(most, (await handle.stat()).size))
      const { bytesRead } = await handle.read(memory, 0, memory.length, 0)
      return memory.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  })

/** Compares texts by code units: the same on every machine, whatever its language. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Entries of a folder in the order of their names. Hidden entries and those of the system are skipped; links are followed.
 *
 * @param remedy for a folder that cannot be listed
 * @returns rejects with DataError if it cannot be listed or a link is broken
 */
export const listFolder = async (folder: string, remedy: string): Promise<ReadonlyArray<Entry>> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError({ subject: folder, problem: `cannot be listed (${messageOf(cause)})`, remedy, cause })
  })
  return entries
    .filter(isShown)
    .map((entry) => entryOf(folder, entry))
    .sort((a, b) => byText(a.name, b.name))
}

/**
 * All files below a folder, hidden ones left out: paths relative to it, with `/`, in the order of their text.
 *
 * @returns rejects with DataError if a folder cannot be listed, or a link is broken or leads back to a folder above it
 */
export const filesBelow = async (folder: string, remedy: string): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  const walk = async (at: string, trail: Trail): Promise<void> => {
    for (const entry of await listFolder(at, remedy)) {
      const path = join(at, entry.name)
      if (entry.folder) await walk(path, trailInto(trail, at, entry))
      else found.push(relative(folder, path).split(sep).join("/"))
    }
  }
  await walk(folder, [])
  return found.sort(byText)
}

/** Applies `use` to all items, `atOnce` at a time. Results are in the order of the items; the first error ends it. */
export const inOrder = async <A, B>(
  items: ReadonlyArray<A>,
  atOnce: number,
  use: (item: A) => Promise<B>
): Promise<Array<B>> => {
  const results = new Array<B>(items.length)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++
      results[i] = await use(items[i])
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
  return results
}
