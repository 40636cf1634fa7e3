/** One process at a time in a run folder. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { RunError } from "./run-error.ts"

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}

const holder = (path: string): number => {
  try {
    return Number(readFileSync(path, "utf8"))
  } catch {
    return 0
  }
}

const unwritable = (folder: string, cause: unknown): RunError =>
  new RunError({
    subject: folder,
    problem: existsSync(folder) && !statSync(folder).isDirectory() ? "is a file, not a folder" : "cannot be written",
    remedy: "Choose another folder with `--out`",
    cause
  })

const take = (folder: string): string => {
  const path = join(folder, "run.lock")
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw unwritable(folder, cause)
  }
  for (;;) {
    try {
      const fd = openSync(path, "wx")
      writeSync(fd, String(process.pid))
      closeSync(fd)
      return path
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(folder, cause)
      const pid = holder(path)
      if (pid > 0 && pid !== process.pid && alive(pid)) {
        throw new RunError({
          subject: folder,
          problem: `is in use by process ${pid}`,
          remedy: "Wait for it, or choose another folder with `--out`"
        })
      }
      rmSync(path, { force: true })
    }
  }
}

/** Holds `run.lock` while the scope lasts; a lock left by a process that is gone is taken over. */
export const lock = (folder: string): Effect.Effect<void, RunError, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(Effect.try({ try: () => take(folder), catch: (cause) => cause as RunError }), (path) =>
      Effect.sync(() => rmSync(path, { force: true }))
    )
  )
