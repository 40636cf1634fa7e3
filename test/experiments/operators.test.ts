/** Operators describe themselves, so that the rest of the house knows none of them by name. */
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { language } from "../../src/experiments/plan/plan.ts"

const { operators } = language
const folder = resolve(import.meta.dirname, "../../src/experiments")
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"))

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
    expect(files.length).toBeGreaterThan(10)
  })

  it("hold no two operators of one name", () => {
    expect(new Set(operators.map(({ name }) => name)).size).toBe(operators.length)
  })
})
