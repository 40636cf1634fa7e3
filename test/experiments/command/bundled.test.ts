/** The program of a clone as files of JavaScript: the same command, started without loading its modules one by one. */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { bundledProgram, type Program } from "../../../src/experiments/command/bundled.ts"
import { loaderOf } from "../../../src/pipeline/loader.ts"

const root = resolve(import.meta.dirname, "../../..")
const main = join(root, "src/experiments/main.ts")
const config = join(root, "configs/quickstart.yaml")

const output = (...args: ReadonlyArray<string>): string =>
  execFileSync(process.execPath, args, { encoding: "utf8", cwd: root })

describe("the program of a clone", () => {
  it("answers as its modules do, and needs no loader", async () => {
    const program = (await bundledProgram("run")) as Program
    const checked = output(program.launched, config, "--check")
    expect(checked).toBe(output(...loaderOf(main), main, config, "--check"))
    expect(checked).toContain("mini")
  })

  it("is written once, as long as no source changes", async () => {
    const [first, second] = [await bundledProgram("run"), await bundledProgram("run")] as [Program, Program]
    expect(second).toEqual(first)
    expect(existsSync(fileURLToPath(first.main))).toBe(true)
  })

  it("begins worker threads with its own modules, which find their packages", async () => {
    const { main: entry } = (await bundledProgram("run")) as Program
    const folder = dirname(dirname(fileURLToPath(entry)))
    const work = join(folder, "ops/tensor/tiles/work.mjs")
    expect(statSync(work).size).toBeGreaterThan(0)
    // A thread loads no TypeScript, hence no `tsx`.
    expect(readFileSync(work, "utf8")).not.toMatch(/\.ts"/)
  })

  it("begins processes with its own modules, which need no loader", async () => {
    const { main: entry } = (await bundledProgram("run")) as Program
    for (const name of ["ranges/child.mjs", "sweep/run-process.mjs"]) {
      const file = join(dirname(fileURLToPath(entry)), name)
      expect(statSync(file).size).toBeGreaterThan(0)
      expect(loaderOf(file)).toEqual([])
    }
  })

  it("starts workers, and holds the driver of PostgreSQL, which shares its Effect", async () => {
    const { launched } = (await bundledProgram("worker")) as Program
    expect(output(launched, "--help")).toContain("worker.ts")
    const folder = dirname(dirname(launched))
    const holding = (wanted: RegExp): ReadonlyArray<string> =>
      readdirSync(folder).filter(
        (name) => name.endsWith(".mjs") && wanted.test(readFileSync(join(folder, name), "utf8"))
      )
    expect(holding(/@effect\/sql-pg\/dist\/PgClient\.js/)).not.toEqual([])
    expect(holding(/import\(\s*"@effect\/sql-pg"\)/)).toEqual([])
    expect(holding(/^(import|\}).* from "effect["/]/m)).toEqual([])
  })
})
