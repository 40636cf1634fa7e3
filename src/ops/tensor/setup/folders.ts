/** Folders that are either complete or absent: each is filled beside its place, then renamed. */
import { mkdir, readdir, rename, rm } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { Effect } from "effect"
import { messageOf } from "../../../pipeline/words.ts"
import { Machine } from "./machine.ts"
import { megabytes } from "./progress.ts"
import { SetupError } from "./setup-error.ts"

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""

/** The fault of a full disk. */
export const diskFull = (subject: string, cause: unknown): SetupError =>
  new SetupError({
    subject,
    problem: "the disk is full",
    remedy: "Free some space and repeat the command, or set XDG_CACHE_HOME to a folder on another disk",
    cause
  })

/** Returns a fault of the file system with its remedy. */
export const fileFault = (subject: string, cause: unknown): SetupError => {
  const code = codeOf(cause)
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(subject, cause)
  return new SetupError({
    subject,
    problem: messageOf(cause),
    remedy:
      code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? "Make this path writable, or set XDG_CACHE_HOME to a folder of your own"
        : "Repeat the command; if it fails again, check this path and its disk",
    cause
  })
}

/**
 * Turns a promise into an effect. Unlike `Effect.tryPromise`, an interrupt sends the signal and then waits until the promise
 * has settled, so that nothing still writes into a folder when it is removed.
 */
export const settled = <A, E>(
  start: (signal: AbortSignal) => Promise<A>,
  fault: (cause: unknown) => E
): Effect.Effect<A, E> =>
  Effect.callback<A, E>((resume) => {
    const abort = new AbortController()
    const running = start(abort.signal).then(
      (value) => resume(Effect.succeed(value)),
      (cause) => resume(Effect.fail(fault(cause)))
    )
    return Effect.promise(() => {
      abort.abort()
      return running
    })
  })

/** Runs work on files; its only errors are those of the file system. */
export const fileWork = <A>(subject: string, work: () => Promise<A>): Effect.Effect<A, SetupError> =>
  settled(work, (cause) => fileFault(subject, cause))

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 })

/** Puts a finished folder in place. An older one is moved aside first, because a rename cannot replace a full folder. */
const putInPlace = async (made: string, target: string): Promise<void> => {
  const old = `${made}-old`
  try {
    await rename(target, old)
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw cause
  }
  await rename(made, target)
  await remove(old)
}

/**
 * Makes the folder `target` by filling a folder beside it and renaming that. After a failure or an interrupt nothing of it
 * is left; what a killed process leaves is removed by the next `sweep`.
 */
export const beside = <A, E, R>(
  target: string,
  fill: (folder: string) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SetupError, R> => {
  const folder = `${target}.partial-${process.pid}`
  return Effect.acquireUseRelease(
    fileWork(folder, async () => {
      await remove(folder)
      await mkdir(folder, { recursive: true })
    }),
    () => Effect.tap(fill(folder), () => fileWork(target, () => putInPlace(folder, target))),
    () => Effect.promise(() => remove(folder))
  )
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return codeOf(cause) === "EPERM"
  }
}

/** Removes the unfinished folders of killed processes in `parent`; those of running processes stay. */
export const sweep = (parent: string): Effect.Effect<void, SetupError> =>
  fileWork(parent, async () => {
    const names = await readdir(parent).catch(() => [])
    for (const name of names) {
      const pid = /\.partial-(\d+)(-old)?$/.exec(name)?.[1]
      if (pid !== undefined && (Number(pid) === process.pid || !alive(Number(pid)))) await remove(join(parent, name))
    }
  })

/** Fails unless `bytes` are free on the disk of `folder`. */
export const needSpace = Effect.fnUntraced(function* (folder: string, bytes: number) {
  const free = yield* (yield* Machine).free(folder)
  if (free >= bytes) return
  return yield* new SetupError({
    subject: dirname(folder) === "/" ? folder : join(dirname(folder), basename(folder)),
    problem: `${megabytes(bytes)} of disk space are needed, but only ${megabytes(free)} are free`,
    remedy: "Free some space and repeat the command, or set XDG_CACHE_HOME to a folder on another disk"
  })
})
