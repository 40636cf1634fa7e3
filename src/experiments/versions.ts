import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { version } from "../ops/version.ts"

const require = createRequire(import.meta.url)

/** Version of a package. Not every package exports its package.json, so it is searched above the entry point. */
const versionOf = (name: string): string => {
  for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
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
