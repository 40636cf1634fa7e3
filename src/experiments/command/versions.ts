import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { version } from "../../ops/version.ts"

const require = createRequire(import.meta.url)

/** The entry point of a package; undefined if it is not installed. */
export const entryOf = (name: string): string | undefined => {
  try {
    return require.resolve(name)
  } catch {
    return undefined
  }
}

/**
 * Version of a package. Not every package exports its package.json, so it is searched above the entry point.
 *
 * @returns `none` if it is not installed: packages that only some tasks need are optional
 */
const versionOf = (name: string): string => {
  const entry = entryOf(name)
  if (entry === undefined) return "none"
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        name?: string
        version?: string
      }
      if (found.name === name && found.version !== undefined) return found.version
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause
    }
  }
  throw new Error(`package ${name} has no package.json`)
}

/** Versions that can affect a result. */
export const versions = {
  orbitrank: version,
  node: process.versions.node,
  effect: versionOf("effect"),
  tensorflowjs: versionOf("@tensorflow/tfjs"),
  lmdb: versionOf("lmdb")
} as const
