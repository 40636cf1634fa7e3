/**
 * The lock of a folder: a file `run.lock` that only one process at a time can own.
 *
 * The file is written beside its place and linked into it, which fails if it exists: it is never seen half written. It
 * names its owner. A lock is stale if its owner ended: on the same machine the process is gone, or another process has
 * its number by now; on another machine, which cannot be asked, the file has not been refreshed for five times the beat
 * that it names. A lock of an earlier version names no beat, and is stale after ten minutes.
 * Whoever removes a stale lock holds a lock on that very lock (`run.lock.TOKEN`), so that no fresh one is removed.
 */
import { randomUUID } from "node:crypto"
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import { RunError } from "../run-error.ts"
import { attempted, hasEnded, hostOf, type Owner, ownerHere, ownerIn } from "./lock-owner.ts"

/** Name of the lock in its folder. */
export const LOCK = "run.lock"

/** Milliseconds without a refresh after which the owner on another machine counts as ended, if its lock names no beat. */
const OLD = 600_000

/** Beats that the owner on another machine may miss. */
const MISSED = 5

/** Milliseconds after which an empty lock counts as left by a killed process. */
const UNFINISHED = 30_000

/** Attempts to take a lock while other processes remove a stale one. */
const ROUNDS = 200

/** Milliseconds since a file was written, by the clock that sets its time: that of a file that is written now beside it. */
const ageOf = (path: string, token: string): number => {
  const probe = `${path}.${token}.partial`
  try {
    closeSync(openSync(probe, "w"))
    return statSync(probe).mtimeMs - statSync(path).mtimeMs
  } finally {
    rmSync(probe, { force: true })
  }
}

const isStale = (path: string, owner: Owner, token: string): boolean =>
  owner.host === hostOf() ? hasEnded(owner) : (attempted(() => ageOf(path, token)) ?? 0) > patienceOf(owner)

const patienceOf = ({ beat }: Owner): number => (beat === undefined ? OLD : MISSED * beat)

const wayOut = (path: string): string =>
  `Wait for it, or choose another folder with \`--out\`; delete ${path} if no run is using the folder`

const taken = (folder: string, path: string, owner: Owner | undefined): RunError => {
  const place = owner === undefined || owner.host === hostOf() ? "" : ` on ${owner.host.split(" ")[0]}`
  const who = owner === undefined ? "another process" : `process ${owner.pid}${place}`
  return new RunError({ subject: folder, problem: `is in use by ${who}`, remedy: wayOut(path) })
}

const unusable = (path: string, problem: string): RunError =>
  new RunError({ subject: path, problem, remedy: "Choose another folder with `--out`, or move it away" })

/** Puts a file of that text in its place, whole; false if one is there already. */
const put = (path: string, text: string, token: string): boolean => {
  const beside = `${path}.${token}.partial`
  try {
    const fd = openSync(beside, "wx")
    try {
      writeSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    linkSync(beside, path)
    return true
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException
    // A network may lose the answer of a link that was made.
    if (code === "EEXIST") return attempted(() => statSync(beside).nlink) === 2
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw cause
    return putWithoutLinks(path, text)
  } finally {
    rmSync(beside, { force: true })
  }
}

/** For file systems without hard links. */
const putWithoutLinks = (path: string, text: string): boolean => {
  try {
    const fd = openSync(path, "wx")
    writeSync(fd, text)
    closeSync(fd)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false
    throw cause
  }
}

/** The text of a lock; undefined if there is none by now. */
const textOf = (path: string): string | undefined => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) throw unusable(path, "is a folder, where the lock of the run has to be")
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
}

/** A lock that is held. */
export interface Lock {
  readonly path: string
  readonly text: string
  /** Frees the lock, if it is still ours. Does not throw. */
  readonly release: () => void
}

const lockOf = (path: string, text: string): Lock => ({
  path,
  text,
  release: () => {
    if (attempted(() => readFileSync(path, "utf8")) === text) attempted(() => rmSync(path, { force: true }))
  }
})

/** The lock of version 0.1.0 is empty for an instant; a process killed then leaves it so. */
const EMPTY = "empty"

/** The token of a lock if its owner ended; the owner if it holds the lock; undefined if that is not known yet. */
const judged = (path: string, text: string, token: string): Owner | string | undefined => {
  if (text === "") return (attempted(() => ageOf(path, token)) ?? 0) > UNFINISHED ? EMPTY : undefined
  const owner = ownerIn(text)
  if (owner === undefined) throw unusable(path, "is not a lock of this program")
  return isStale(path, owner, token) ? owner.token : owner
}

/** Removes a stale lock, unless another process is doing so; the lock that guards this may itself be stale. */
const removeStale = (path: string, stale: string, token: string, depth: number): void => {
  // Nested so deep only if process after process was killed within the few instructions below.
  const guard = depth < 8 ? tryTake(`${path}.${stale}`, depth + 1) : undefined
  if (guard === undefined || !("release" in guard)) {
    pause()
    return
  }
  const text = textOf(path)
  if (text !== undefined && judged(path, text, token) === stale) rmSync(path, { force: true })
  guard.release()
}

/** Lets another process finish its few instructions. */
const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
}

/** Takes a lock if it is free or stale; otherwise its owner, or undefined if that is not known. */
const tryTake = (path: string, depth: number, beat?: number): Lock | Owner | undefined => {
  const token = randomUUID()
  const mine = JSON.stringify(ownerHere(token, beat))
  for (let round = 0; round < ROUNDS; round++) {
    if (put(path, mine, token)) return lockOf(path, mine)
    const text = textOf(path)
    if (text === undefined) continue
    const found = judged(path, text, token)
    if (typeof found === "string") removeStale(path, found, token, depth)
    else if (found !== undefined || depth > 0) return found
    else pause()
  }
  return undefined
}

/** Whether a file that was to become a lock is that of a process of this machine that has ended: it never will become one. */
const isAbandoned = (path: string): boolean => {
  const owner = path.endsWith(".partial") ? ownerIn(attempted(() => readFileSync(path, "utf8")) ?? "") : undefined
  return owner !== undefined && owner.host === hostOf() && owner.pid !== process.pid && hasEnded(owner)
}

/** Removes guards and unfinished locks that killed processes left; the guard of our own lock, if any, is in use. */
const sweep = (folder: string): void => {
  for (const name of readdirSync(folder).filter((one) => one.startsWith(`${LOCK}.`))) {
    const path = join(folder, name)
    const age = attempted(() => ageOf(path, randomUUID())) ?? 0
    if (age > OLD || isAbandoned(path)) rmSync(path, { force: true })
  }
}

const unwritable = (folder: string, cause: unknown): RunError =>
  new RunError({
    subject: folder,
    problem: existsSync(folder) && !statSync(folder).isDirectory() ? "is a file, not a folder" : "cannot be written",
    remedy: "Choose another folder with `--out`",
    cause
  })

/**
 * Takes the lock of a folder, which is made.
 *
 * @param beat milliseconds between two refreshes, which the caller must make; without it, other machines wait ten minutes
 * @throws RunError if another process holds it, or the folder cannot be written; it names the file and the way out
 */
export const takeLock = (folder: string, beat?: number): Lock => {
  const path = join(folder, LOCK)
  const found = ((): Lock | Owner | undefined => {
    try {
      mkdirSync(folder, { recursive: true })
      return tryTake(path, 0, beat)
    } catch (cause) {
      throw cause instanceof RunError ? cause : unwritable(folder, cause)
    }
  })()
  if (found === undefined || !("release" in found)) throw taken(folder, path, found)
  sweep(folder)
  return found
}
