/**
 * Copies of stores on a local disk. A store on a network disk is fetched page by page while it is read; a copy is fetched once,
 * in one piece.
 */
import { createHash } from "node:crypto"
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  statfsSync,
  statSync,
  writeFileSync
} from "node:fs"
import { rename, rm, utimes } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { pipeline } from "node:stream/promises"
import { Context, Effect, Semaphore } from "effect"
import { digest } from "../../../pipeline/digest.ts"
import { diskProblem } from "../../../pipeline/disk.ts"
import { messageOf } from "../../../pipeline/words.ts"
import { StoreError } from "../../formats/data-error.ts"
import { besideOf, lives, sweepPartials, writerOf } from "../../formats/files.ts"
import { dataFile } from "../../formats/lmdb/guard.ts"
import { sha256Of } from "../../formats/sha256.ts"
import { Run } from "../../run.ts"

/** The local folder for copies of stores; by default there is none, and stores are read where they are. */
export const Staging = Context.Reference<string | undefined>("orbitrank/ops/Staging", { defaultValue: () => undefined })

/** A store as it is now. */
interface Original {
  readonly file: string
  readonly bytes: number
  /** In milliseconds. */
  readonly modified: number
}

const originalOf = (file: string): Original | undefined => {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? undefined : { file, bytes: found.size, modified: found.mtimeMs }
}

/** The file of a copy: each state of each store has a folder of its own. */
const copyOf = ({ bytes, file, modified }: Original, folder: string): string =>
  join(folder, digest([file, bytes, modified].join("\n")), "data.mdb")

/** The time that a copy gets: whole seconds, which every file system keeps. */
const secondsOf = ({ modified }: Original): number => Math.floor(modified / 1000)

/**
 * Whether the copy is there.
 *
 * @throws StoreError if its file is no longer as it was copied
 */
const isThere = (copy: string, original: Original): boolean => {
  const file = statSync(copy, { throwIfNoEntry: false })
  if (file === undefined) return false
  if (file.size === original.bytes && file.mtimeMs === 1000 * secondsOf(original)) return true
  throw new StoreError({
    subject: copy,
    problem: `was changed after it had been copied from ${original.file}`,
    remedy: "Choose another folder with `--stage`"
  })
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`

const full = (folder: string, { bytes, file }: Original): StoreError =>
  new StoreError({
    subject: folder,
    problem: `has no room for a copy of ${file} (${gigabytes(bytes)})`,
    remedy: "Free space there, or choose another folder with `--stage`"
  })

const failed = (copy: string, original: Original, cause: unknown): StoreError => {
  if (cause instanceof StoreError) return cause
  if (cause instanceof Error && "code" in cause && cause.code === "ENOSPC")
    return full(dirname(dirname(copy)), original)
  return new StoreError({
    subject: copy,
    problem: `${original.file} cannot be copied to it (${diskProblem(cause) ?? messageOf(cause)})`,
    remedy: "Check both disks, or choose another folder with `--stage`",
    cause
  })
}

/** A copy to which nobody has written for this many milliseconds has been given up. */
const STALE = 60_000

interface Partial {
  readonly pid: number
  readonly bytes: number
}

/** The unfinished copies of other processes of this machine. */
const othersIn = (folder: string): ReadonlyArray<Partial> =>
  readdirSync(folder).flatMap((name) => {
    const pid = writerOf(name) ?? process.pid
    const file =
      pid === process.pid || !lives(pid) ? undefined : statSync(join(folder, name), { throwIfNoEntry: false })
    const fresh = file !== undefined && performance.timeOrigin + performance.now() - file.mtimeMs < STALE
    return fresh ? [{ pid, bytes: file.size }] : []
  })

/** Copies bytes. Returns their SHA-256, of what was read. */
const copyBytes = async (from: string, to: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256")
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk)
      yield chunk
    }
  }
  await pipeline(createReadStream(from), hashed, createWriteStream(to, { flush: true }), { signal })
  return hash.digest("hex")
}

/** Copies a store, and moves the copy to its place once it is complete and equal. */
const copying = async (original: Original, partial: string, copy: string, signal: AbortSignal): Promise<void> => {
  const { file } = original
  const sha256 = await copyBytes(file, partial, signal)
  const now = originalOf(file)
  if (now?.bytes !== original.bytes || now.modified !== original.modified) {
    throw new StoreError({
      subject: file,
      problem: "was written while it was copied",
      remedy: "Start again once no run writes this store"
    })
  }
  if ((await sha256Of(partial, signal)) !== sha256) {
    throw new StoreError({
      subject: partial,
      problem: `does not hold the bytes that were copied from ${file}`,
      remedy: "Check this disk, or choose another folder with `--stage`"
    })
  }
  await utimes(partial, secondsOf(original), secondsOf(original))
  await rename(partial, copy)
}

/** Makes the copy of a store, unless another process makes it; then false. */
const madeHere = (original: Original, copy: string): Effect.Effect<boolean, StoreError, Run> =>
  Effect.gen(function* () {
    const run = yield* Run
    const folder = dirname(copy)
    const attempted = <A>(act: () => A) => Effect.try({ try: act, catch: (cause) => failed(copy, original, cause) })
    const partial = besideOf(copy)
    const begun = yield* attempted(() => {
      mkdirSync(folder, { recursive: true })
      sweepPartials(folder, { deep: false, stale: 0 })
      const { bavail, bsize } = statfsSync(folder)
      // Written before the look at others: of two processes that begin at once, the one with the lower number copies.
      writeFileSync(partial, "")
      if (othersIn(folder).some(({ bytes, pid }) => bytes > 0 || pid < process.pid)) return false
      if (bavail * bsize < original.bytes) throw full(dirname(folder), original)
      return true
    })
    if (!begun) return false
    yield* run.say(`  copying ${original.file} (${gigabytes(original.bytes)}) to ${folder}`)
    yield* Effect.tryPromise({
      try: (signal) => copying(original, partial, copy, signal),
      catch: (cause) => failed(copy, original, cause)
    })
    return true
  }).pipe(Effect.ensuring(Effect.promise(() => rm(besideOf(copy), { force: true }))))

/** One copy at a time in this process. */
const turns = Semaphore.makeUnsafe(1)

/**
 * The path from which a store is read: with a folder for copies, that of its copy, which is made if it is not there. A store
 * that has changed gets another copy. Nothing is removed, except unfinished copies.
 *
 * @param path the store's folder, or its only file
 */
export const staged = (path: string): Effect.Effect<string, StoreError, Run> =>
  Effect.gen(function* () {
    const folder = yield* Staging
    const original = folder === undefined ? undefined : originalOf(resolve(dataFile(path)))
    if (folder === undefined || original === undefined) return path
    const copy = copyOf(original, resolve(folder))
    const there = Effect.try({ try: () => isThere(copy, original), catch: (cause) => failed(copy, original, cause) })
    while (!(yield* there)) if (!(yield* madeHere(original, copy))) yield* Effect.sleep("1 second")
    return dirname(copy)
  }).pipe(turns.withPermit)
