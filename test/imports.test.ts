import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { describe, expect, it } from "vitest"

const src = resolve(import.meta.dirname, "..", "src")

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))

/** Every import of one of our own files, both ends relative to `src`. */
const imports = files.flatMap((from) => {
  const text = readFileSync(join(src, from), "utf8")
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)
  return [...found].map(([, to]) => ({
    from,
    to: relative(src, resolve(src, dirname(from), to))
      .split(sep)
      .join("/")
  }))
})

/** Packages by the file that imports them. */
const packages = files.flatMap((from) => {
  const text = readFileSync(join(src, from), "utf8")
  return [...text.matchAll(/\bfrom "([^.][^"]*)"/g)].map(([, name]) => ({ from, name }))
})

const offending = (rule: (from: string, to: string) => boolean) =>
  imports.filter(({ from, to }) => rule(from.split(sep).join("/"), to)).map(({ from, to }) => `${from} -> ${to}`)

describe("imports run one way", () => {
  it("finds imports at all", () => {
    expect(imports.length).toBeGreaterThan(50)
  })

  it("experiments -> ops -> pipeline", () => {
    // Entry files of the library lie on top.
    const floor = (file: string) => ["pipeline", "ops", "experiments"].indexOf(file.split("/")[0])
    const rank = (file: string) => (file.includes("/") ? floor(file) : 3)
    expect(offending((from, to) => rank(to) > rank(from))).toEqual([])
  })

  it("in no circle, imports of types included", () => {
    const left = new Map(
      files.map((file) => file.split(sep).join("/")).map((file) => [file, new Set<string>()] as const)
    )
    for (const { from, to } of imports) if (left.has(to)) left.get(from.split(sep).join("/"))?.add(to)
    // Files that import none of those left over go, until none is left, or all that are stand behind a circle.
    for (let free = [""]; free.length > 0; ) {
      free = [...left].filter(([, to]) => ![...to].some((file) => left.has(file))).map(([file]) => file)
      for (const file of free) left.delete(file)
    }
    expect([...left.keys()]).toEqual([])
  })

  it("nothing in ops imports show, but show itself", () => {
    expect(
      offending((from, to) => from.startsWith("ops/") && !from.startsWith("ops/show/") && to.startsWith("ops/show/"))
    ).toEqual([])
  })

  it("formats are the ground floor: they import nothing else of ops, and no Effect", () => {
    const within = (file: string) => file.startsWith("ops/formats/")
    expect(offending((from, to) => within(from) && to.startsWith("ops/") && !within(to))).toEqual([])
    const effects = packages.filter(({ from, name }) => within(from.split(sep).join("/")) && /^effect\b/.test(name))
    expect(effects).toEqual([])
  })

  it("measure imports no retrieval, and retrieval no training", () => {
    const pair = (from: string, to: string, a: string, b: string) => from.startsWith(a) && to.startsWith(b)
    expect(offending((from, to) => pair(from, to, "ops/measure/", "ops/retrieve/"))).toEqual([])
    expect(offending((from, to) => pair(from, to, "ops/retrieve/", "ops/train/"))).toEqual([])
  })

  it("measure and the losses are pure: no engine, no store, no model", () => {
    const pure = (file: string) => file.startsWith("ops/measure/") || file.startsWith("ops/train/losses/")
    const impure = /^ops\/(tensor|data\/store|model|show)\//
    expect(offending((from, to) => pure(from) && impure.test(to))).toEqual([])
  })

  it("only ops/tensor imports a tensor engine's backend", () => {
    const backends = packages.filter(({ name }) => /^@tensorflow\/tfjs-(backend|node)/.test(name))
    expect(backends.filter(({ from }) => !from.startsWith(join("ops", "tensor")))).toEqual([])
  })

  it("no draw and no clock that a run cannot repeat", () => {
    const texts = files.map((name) => ({
      name,
      text: readFileSync(join(src, name), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")
    }))
    expect(
      texts.filter(({ text }) => /Math\.random\(|Date\.now\(|new Date\(\)/.test(text)).map(({ name }) => name)
    ).toEqual([])
  })
})
