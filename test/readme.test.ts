/** What the README shows is compiled, loaded and run. */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { Effect, Result, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { language } from "../src/experiments/plan/plan.ts"
import { Patch } from "../src/ops/elements.ts"
import { toStream } from "../src/pipeline/interpret.ts"
import { load } from "../src/pipeline/load.ts"
import { source } from "../src/pipeline/operator.ts"
import type { AnyOperator } from "../src/pipeline/origin.ts"
import { NonNegativeInt, param } from "../src/pipeline/param.ts"
import type { AnyPipeline } from "../src/pipeline/pipeline.ts"
import { hash } from "../src/pipeline/print.ts"

const root = resolve(import.meta.dirname, "..")
const folder = join(import.meta.dirname, `.readme-${process.pid}`)
const readme = readFileSync(join(root, "README.md"), "utf8")

const blocks = (language: string) =>
  [...readme.matchAll(/^```(\S+)(?: file=(\S+))?\n([\s\S]*?)^```/gm)].filter(([, found]) => found === language)

/** Writes a block to its place below `folder`, imports pointing at our own sources. */
const extract = (file: string, code: string): string => {
  const place = join(folder, file)
  const moved = code.replace(/from "(\.[^"]+)"/g, (_, path: string) => {
    const target = resolve(root, dirname(file), path)
    return `from "${relative(dirname(place), target)}"`
  })
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, moved)
  return place
}

const code = new Map<string, string>()
beforeAll(() => {
  for (const [, , file, text] of blocks("ts")) code.set(file, extract(file, text))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const numbered = source({
  name: "numbered",
  about: "Empty patches.",
  to: Patch,
  params: { n: param(NonNegativeInt, "How many.") },
  run: ({ n }) =>
    Stream.map(Stream.range(0, n - 1), (index): Patch => {
      const image = new Float32Array(1)
      const labels = new Uint8Array(1)
      return {
        kind: "patch",
        name: `${index}`,
        index,
        epoch: 0,
        image,
        height: 1,
        width: 1,
        bands: ["B04"],
        labels,
        classes: ["a"]
      }
    })
})

describe("the README", () => {
  it("holds code that compiles", () => {
    const tsconfig = join(folder, "tsconfig.json")
    writeFileSync(tsconfig, JSON.stringify({ extends: "../../tsconfig.json", include: ["**/*.ts"] }))
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", tsconfig], {
      cwd: root,
      stdio: "pipe"
    })
    expect(code.size).toBe(2)
  })

  it("shows a file that is valid, and the pipeline in code that is the same value", async () => {
    const [yaml] = blocks("yaml").map(([, , , text]) => text)
    const { pipelines, settings } = Result.getOrThrow(load(yaml, "README.md", language))
    expect(settings.experiment).toBe("quickstart")
    const trained = pipelines.get("trained") as unknown as AnyPipeline
    const inCode = (await import(code.get("pipeline.ts") ?? "")) as { evaluation: AnyPipeline }
    const withoutReport = hash(inCode.evaluation)
    expect(trained.steps.slice(0, -1)).toEqual(inCode.evaluation.steps)
    expect(withoutReport).toMatch(/^[0-9a-f]{16}$/)
  })

  it("shows faults as they are printed", () => {
    const [yaml] = blocks("yaml").map(([, , , text]) => text)
    const wrong = yaml.replace("{ size: 64 } ", "{ sise: 64 } ").replace(/ +- embed: .*\n/, "")
    const result = load(wrong, "configs/mine.yaml", language)
    const lines = Result.isFailure(result) ? result.failure.message.split("\n") : []
    for (const line of lines) expect(readme).toContain(line)
    expect(lines).toHaveLength(2)
  })

  it("shows an operator that works, in at most 30 lines", async () => {
    const [file, place] = [...code].find(([name]) => name.endsWith("thin.ts")) ?? ["", ""]
    expect(readFileSync(place, "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(30)
    const { thin } = (await import(place)) as { thin: AnyOperator & { readonly "~E": never; readonly "~R": never } }
    const text = "pipelines:\n  a: [{ numbered: { n: 10 } }, { thin: { every: 4 } }]\n"
    const { pipelines } = Result.getOrThrow(load(text, file, { settings: {}, operators: [numbered, thin] }))
    const pipeline = pipelines.get("a") as AnyPipeline
    const patches = await Effect.runPromise(Stream.runCollect(toStream(pipeline)) as Effect.Effect<Array<Patch>>)
    expect(patches.map(({ index }) => index)).toEqual([0, 4, 8])
  })
})
