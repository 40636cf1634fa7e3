/** Code that runs in worker threads imports no Effect, whose loading would cost each thread a second; see ops/workers. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { describe, expect, it } from "vitest"

const src = resolve(import.meta.dirname, "..", "src")

/** The base class of errors: 10 milliseconds. */
const ALLOWED = new Set(["effect/Data"])

const codeOf = (file: string): string => readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")

/** Modules that a file loads when it runs. Imports of types alone are gone by then. */
const loadedBy = (code: string): ReadonlyArray<string> =>
  [
    ...code.matchAll(/(?:^|;)\s*(?:import|export)(?!\s+type\b)(?:[^"';]*?\bfrom)?\s*"([^"]+)"/gm),
    ...code.matchAll(/\bimport\(\s*"([^"]+)"/g)
  ].map(([, name]) => name)

/** First modules of worker threads: files that a file which starts threads names by their URL. */
const entries = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ file: join(src, name), code: codeOf(join(src, name)) }))
  .filter(({ code }) => /\bworkerPool\b|\bopenTeam\b|\breadGuarded\b|\bnew Worker\b/.test(code))
  .flatMap(({ code, file }) =>
    [...code.matchAll(/new URL\(\s*"(\.[^"]+)",\s*import\.meta\.url/g)].map(([, to]) => resolve(dirname(file), to))
  )

/** The chain of files from an entry to the first forbidden import; `undefined` if there is none. */
const wayToEffect = (entry: string): string | undefined => {
  const ways: Array<ReadonlyArray<string>> = [[entry]]
  const seen = new Set([entry])
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const name of loadedBy(codeOf(way[way.length - 1]))) {
      if (/^(@effect\/|effect(\/|$))/.test(name) && !ALLOWED.has(name)) {
        return [...way.map((file) => relative(src, file)), name].join(" -> ")
      }
      const next = name.startsWith(".") ? resolve(dirname(way[way.length - 1]), name) : undefined
      if (next === undefined || seen.has(next)) continue
      seen.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

describe("code in worker threads", () => {
  it("is found: the first module of every thread, and the file that starts it", () => {
    expect(entries.length).toBeGreaterThan(6)
    expect(entries.filter((file) => !existsSync(file))).toEqual([])
    expect(entries.map((file) => relative(src, file))).toContain("ops/workers/entry.mjs")
  })

  it("imports no Effect, directly or through other files", () => {
    expect(entries.map(wayToEffect).filter((way) => way !== undefined)).toEqual([])
  })

  it("is followed through every form of import", () => {
    const code = [
      'import { a } from "./a.ts"',
      'import * as b from "b"',
      'import "./c.ts"',
      'export { d } from "./d.ts"',
      'export * from "./e.ts"',
      'const f = await import("./f.ts")',
      'import {\n  g,\n  type H\n} from "./g.ts"',
      'import type { I } from "./i.ts"',
      'export type { J } from "./j.ts"'
    ].join("\n")
    expect(loadedBy(code)).toEqual(["./a.ts", "b", "./c.ts", "./d.ts", "./e.ts", "./g.ts", "./f.ts"])
  })
})
