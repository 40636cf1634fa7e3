/** The old packages beneath tfjs-node-gpu are installed, but never run. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { findNative } from "../../../../src/ops/tensor/setup/load.ts"

const project = resolve(import.meta.dirname, "../../../..")

/** Packages that native TensorFlow needs. */
const NEEDED = /^(@tensorflow\/.+|long|seedrandom|google-protobuf|progress|@mapbox\/node-pre-gyp)$/

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>
}

/** All packages that are installed for one package alone or with others, by the lock file. */
const beneath = (root: string): ReadonlySet<string> => {
  const { packages } = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const found = new Set<string>()
  const visit = (name: string) => {
    if (found.has(name)) return
    found.add(name)
    for (const next of Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {})) visit(next)
  }
  visit(root)
  found.delete(root)
  return found
}

describe.runIf(findNative(project).found)("native TensorFlow", () => {
  it("loads none of the old packages that its own package brings along", () => {
    const old = [...beneath("@tensorflow/tfjs-node-gpu")].filter((name) => !NEEDED.test(name))
    for (const name of ["tar", "glob", "node-fetch", "rimraf", "npmlog", "https-proxy-agent"])
      expect(old).toContain(name)
    const script = join(import.meta.dirname, "loaded-modules.ts")
    const output = execFileSync(process.execPath, ["--import", "tsx", script], { cwd: project, encoding: "utf8" })
    const loaded = JSON.parse(output) as ReadonlyArray<string>
    expect(loaded).toContain("@tensorflow/tfjs-core")
    expect(loaded.filter((name) => old.includes(name))).toEqual([])
  })

  it("finds its binding by a file of ours in the place of node-pre-gyp", () => {
    const found = findNative(project)
    const finder = join(found.found ? found.packageFolder : "", "node_modules", "@mapbox", "node-pre-gyp", "index.js")
    expect(readFileSync(finder, "utf8")).toContain("tfjs_binding.node")
  })
})
