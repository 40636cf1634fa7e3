import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/**
 * Writes a file so that a reader, a crash or a full disk never sees half of it: beside, synced, renamed.
 *
 * @throws what the file system throws (ENOSPC, EACCES, ...); the old file is then untouched and nothing is left beside it
 */
export const writeFileAtomic = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(path), { recursive: true })
  const beside = `${path}.${process.pid}.partial`
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content
  try {
    const fd = openSync(beside, "w")
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(beside, path)
  } catch (fault) {
    rmSync(beside, { force: true })
    throw fault
  }
}
