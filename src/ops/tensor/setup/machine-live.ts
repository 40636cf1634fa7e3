/** The machine that the program runs on. */
import { existsSync } from "node:fs"
import { statfs } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { Effect, Layer } from "effect"
import { runChild } from "./child.ts"
import { Machine, type Platform } from "./machine.ts"
import { PINS } from "./pins.ts"
import { type Screen, showProgress } from "./progress.ts"

/** Returns the C library. Node's report names glibc's version; on Linux without it, the library is musl. */
const libcOf = (): Platform["libc"] => {
  if (process.platform !== "linux") return "none"
  const report = process.report.getReport() as unknown as {
    readonly header?: { readonly glibcVersionRuntime?: string }
  }
  return report.header?.glibcVersionRuntime === undefined ? "musl" : "glibc"
}

/** Returns the cache folder. A relative `$XDG_CACHE_HOME` is ignored (XDG base directory specification 0.8). */
export const cacheFolder = (env: NodeJS.ProcessEnv, home: string): string => {
  const given = env.XDG_CACHE_HOME
  const base = given?.startsWith("/") ? given : join(home, ".cache")
  return join(base, "orbitrank", "tensorflow")
}

const freeBytes = async (folder: string): Promise<number> => {
  let at = resolve(folder)
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  const { bavail, bsize } = await statfs(at)
  return bavail * bsize
}

/** Gives the machine that the program runs on. @param project root folder of the project */
export const machineLive = (project: string, screen: Screen): Layer.Layer<Machine> =>
  Layer.sync(Machine, () => ({
    platform: { os: process.platform, arch: process.arch, libc: libcOf() },
    project,
    cache: cacheFolder(process.env, homedir()),
    env: process.env,
    node: process.execPath,
    pins: PINS,
    free: (folder) => Effect.promise(() => freeBytes(folder)),
    run: (program, args, options) =>
      runChild(program, args, {
        ...(options?.cwd === undefined ? {} : { cwd: options.cwd }),
        env: { ...process.env, ...options?.env }
      }),
    ...showProgress(screen)
  }))
