/**
 * Files that appear whole: written beside their place as `NAME.PID-TOKEN.partial`, synced, then renamed. A reader, a crash or a
 * full disk never shows half of such a file.
 */
import { randomBytes } from "node:crypto"
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync
} from "node:fs"
import { dirname, join } from "node:path"

/** Distinguishes this process from processes with the same process id on other machines or in other containers. */
const TOKEN = randomBytes(4).toString("hex")

/** Where a file is written before it is renamed to its path. */
export const besideOf = (path: string): string => `${path}.${process.pid}-${TOKEN}.partial`

/** Versions before 0.2.0 wrote no token. */
const PARTIAL = /.\.(\d+)(-[0-9a-f]{8})?\.partial$/

/** Number of the process that writes a partial file; undefined for the name of another file. */
export const writerOf = (name: string): number | undefined => {
  const pid = PARTIAL.exec(name)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

/**
 * Writes a file whole. Its folder is made.
 *
 * @throws what the file system throws (ENOSPC, EACCES, …); an older file of that name is then unchanged, and no partial
 *   file is left
 */
export const writeFileAtomic = (path: string, content: string | Uint8Array): void => {
  const file = new GrowingFile(path)
  try {
    file.append(typeof content === "string" ? Buffer.from(content, "utf8") : content)
    file.complete()
    file.rename()
  } catch (fault) {
    file.abandon()
    throw fault
  }
}

/** A file that is written piece by piece and appears when it is finished. Methods throw what the file system throws. */
export class GrowingFile {
  readonly path: string
  private readonly beside: string
  private readonly fd: number
  private end: number
  private open = true

  /**
   * @param path the file's final place; its folder is made
   * @param header bytes to leave free at the start, which `complete` may write
   */
  constructor(path: string, header = 0) {
    this.path = path
    this.beside = besideOf(path)
    mkdirSync(dirname(path), { recursive: true })
    this.fd = openSync(this.beside, "w")
    this.end = header
  }

  private write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.fd, bytes, done, bytes.length - done, position + done)
  }

  append(bytes: Uint8Array): void {
    this.write(bytes, this.end)
    this.end += bytes.length
  }

  /** Writes the header and syncs the file, so that only the rename is left to do. */
  complete(header?: Uint8Array): void {
    if (header !== undefined) this.write(header, 0)
    fsyncSync(this.fd)
    this.close()
  }

  private close(): void {
    const open = this.open
    this.open = false
    if (open) closeSync(this.fd)
  }

  /** Moves the file to its place; an older file there is replaced. */
  rename(): void {
    renameSync(this.beside, this.path)
  }

  /** Removes the unfinished file; does nothing after `rename`. */
  abandon(): void {
    this.close()
    rmSync(this.beside, { force: true })
  }
}

/** Whether a process of that id runs on this machine. */
export const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

/** A partial file that nobody has written to for this many milliseconds belongs to no run, on whatever machine. */
const STALE = 3_600_000

export interface SweepOptions {
  /**
   * Whether no other process writes below the folder, as the holder of a run's lock knows. If so, all partial files are
   * removed; if not, only those whose process has ended and that have not been written to for an hour. Default: false.
   */
  readonly alone?: boolean
  /**
   * For how many milliseconds nobody has written to a file that is removed, if not `alone`. Default: an hour; 0 if no
   * other machine writes below the folder.
   */
  readonly stale?: number
  /** Whether folders below the folder are swept, too; links are not followed. Default: true. */
  readonly deep?: boolean
  /** Folders below the folder that are not swept, and nothing in them. Default: none. */
  readonly except?: (folder: string) => boolean
}

type Reach = Required<Pick<SweepOptions, "deep" | "except">>

/** Paths of the partial files in a folder; a folder that cannot be listed has none. */
function* partialsIn(folder: string, reach: Reach): Generator<string> {
  const entries = ((): ReturnType<typeof listed> => {
    try {
      return listed(folder)
    } catch {
      return []
    }
  })()
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isFile() && writerOf(entry.name) !== undefined) yield path
    else if (reach.deep && entry.isDirectory() && !reach.except(path)) yield* partialsIn(path, reach)
  }
}

const listed = (folder: string) => readdirSync(folder, { withFileTypes: true })

/**
 * Removes the partial files that killed processes left in a folder: regular files named as the writers of this
 * module name them. Call it before this process writes there. Files that cannot be removed stay.
 *
 * @returns the paths of the removed files
 */
export const sweepPartials = (
  folder: string,
  { alone = false, deep = true, except = () => false, stale = STALE }: SweepOptions = {}
): ReadonlyArray<string> => {
  const now = performance.timeOrigin + performance.now()
  const left = (path: string) =>
    alone || (!lives(Number(writerOf(path))) && (stale === 0 || now - lstatSync(path).mtimeMs > stale))
  return [...partialsIn(folder, { deep, except })].filter((path) => {
    try {
      if (!left(path)) return false
      rmSync(path)
      return true
    } catch {
      return false
    }
  })
}
