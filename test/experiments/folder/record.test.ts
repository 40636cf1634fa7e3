import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import type { Beginning } from "../../../src/experiments/folder/beginning.ts"
import { openFolder, verdict } from "../../../src/experiments/folder/folder.ts"
import { readRecord, recordPath, setPath } from "../../../src/experiments/folder/record.ts"
import { language } from "../../../src/experiments/plan/plan.ts"
import { RunError } from "../../../src/experiments/run-error.ts"
import { MUTATIONS } from "../../ops/formats/mutate.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
/** Written by version 0.1.0. */
const whole = readFileSync(join(import.meta.dirname, "record-0.1.0.json"), "utf8")
const operators = new Map(language.operators.map((operator) => [operator.name, operator] as const))

const places = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null
    ? [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))]
    : [path]

/** The value with another one, or none, at a path. */
const replaced = (value: unknown, [head, ...rest]: ReadonlyArray<string>, by: unknown): unknown => {
  if (head === undefined) return by
  const entries = Object.entries(value as object).flatMap(([key, inner]) => {
    const next = key === head ? replaced(inner, rest, by) : inner
    return next === undefined ? [] : [[key, next] as const]
  })
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

/** Everything that a run does with a record of an earlier one. */
const used = (how: Beginning) => {
  const { configuration, experiment } = JSON.parse(whole)
  const { record } = openFolder(folder, { experiment, configuration, operators }, how)
  for (const pipeline of Object.values(record?.pipelines ?? {})) verdict(folder, pipeline)
}

const said = (text: string, how: Beginning): string => {
  writeFileSync(recordPath(folder), text)
  try {
    used(how)
    return ""
  } catch (fault) {
    if (fault instanceof RunError) return fault.message
    throw fault
  }
}

describe("the record of version 0.1.0", () => {
  it("is read", () => {
    writeFileSync(recordPath(folder), whole)
    expect(readRecord(folder)).toEqual(JSON.parse(whole))
    expect(said(whole, "continue")).toBe("")
  })

  const parsed: unknown = JSON.parse(whole)
  const all = places(parsed)
  const others = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("\0", "a".repeat(5000), "../../x", -1))
  const damages = fc.tuple(fc.constantFrom(...all), fc.option(others, { nil: undefined }))

  it("damaged anywhere ends in one message that says what to do, or in none", () => {
    fc.assert(
      fc.property(damages, fc.constantFrom<Beginning>("continue", "fresh", "freshByFile"), ([path, by], how) => {
        const message = said(JSON.stringify(replaced(parsed, path, by)) ?? "", how)
        if (message !== "") expect(message).toMatch(/`--(out|fresh)`/)
      }),
      { numRuns: 400 * MUTATIONS }
    )
  })

  it("with a name that no file system takes is cleared like any other", () => {
    const text = JSON.stringify(replaced(parsed, ["pipelines", "a", "wrote", "1", "path"], "a".repeat(5000)))
    expect(said(text, "fresh")).toBe("")
    expect(said(text, "freshByFile")).toBe("")
  })

  it("cut short, or with another character, ends in one message too", () => {
    const cuts = fc.nat(whole.length - 1).map((at) => whole.slice(0, at))
    const changes = fc
      .tuple(fc.nat(whole.length - 1), fc.string({ maxLength: 2 }))
      .map(([at, by]) => whole.slice(0, at) + by + whole.slice(at + 1))
    fc.assert(
      fc.property(fc.oneof(cuts, changes), (text) => {
        const message = said(text, "continue")
        if (message !== "") expect(message).toMatch(/`--(out|fresh)`/)
      }),
      { numRuns: 200 * MUTATIONS }
    )
  })

  it("names the key that is damaged", () => {
    const text = JSON.stringify(replaced(parsed, ["pipelines", "b", "wrote", "1", "path"], true))
    expect(said(text, "continue")).toContain(
      "record.json: is a damaged run record (pipelines.b.wrote.1.path: expected a path, found true). Use `--fresh` to"
    )
  })
})

describe("the record", () => {
  it("takes values at dotted paths without changing the old one", () => {
    const before = { results: { untrained: { x: 1 } } }
    expect(setPath(before, "results.trained", { x: 2 })).toEqual({
      results: { untrained: { x: 1 }, trained: { x: 2 } }
    })
    expect(before).toEqual({ results: { untrained: { x: 1 } } })
  })

  it("loses what is set to undefined, and what then holds nothing", () => {
    const before = { seed: 1, skipped: { decode: ["a"], store: ["b"] } }
    const first = setPath(before, "skipped.decode", undefined)
    expect(Object.entries(first)).toEqual([
      ["seed", 1],
      ["skipped", { store: ["b"] }]
    ])
    expect(Object.keys(setPath(first, "skipped.store", undefined))).toEqual(["seed"])
    expect(Object.keys(setPath({ seed: 1 }, "skipped.decode", undefined))).toEqual(["seed"])
  })
})
