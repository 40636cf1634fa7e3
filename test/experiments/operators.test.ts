/** Operators describe themselves, so that the rest of the house knows none of them by name. */
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { language } from "../../src/experiments/plan/plan.ts"

const { operators } = language
const folder = resolve(import.meta.dirname, "../../src/experiments")
/** `original` translates files into operators, and `init` proposes some; they name what they write. */
const WRITE_FILES = /^(original|init)\//
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts") && !WRITE_FILES.test(name))

describe("the experiments", () => {
  it("know no operator by its name", () => {
    const names = new Set<string>(operators.map(({ name }) => name))
    const quoted = files.flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8").replace(/^(import|export) .* from .*$|\bimport\(.*\)/gm, "")
      return [...text.matchAll(/"([a-z-]+)"|'([a-z-]+)'/g)]
        .map(([, double, single]) => double ?? single)
        .filter((word) => names.has(word))
        .map((word) => `${file}: "${word}"`)
    })
    expect(quoted).toEqual([])
    expect(files.length).toBeGreaterThan(40)
  })

  it("hold no two operators of one name", () => {
    expect(new Set(operators.map(({ name }) => name)).size).toBe(operators.length)
  })
})
