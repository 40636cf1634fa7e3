/** The program of a clone as files of JavaScript: the same command, started without loading its modules one by one. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
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
    const program = (await bundledProgram([])) as Program
    const checked = output(program.launched, config, "--check")
    expect(checked).toBe(output(...loaderOf(main), main, config, "--check"))
    expect(checked).toContain("mini")
  })

  it("is written once, as long as no source changes", async () => {
    const [first, second] = [await bundledProgram([]), await bundledProgram([])] as [Program, Program]
    expect(second).toEqual(first)
    expect(existsSync(fileURLToPath(first.main))).toBe(true)
  })

  it("begins worker threads with its own modules, which find their packages", async () => {
    const { main: entry } = (await bundledProgram([])) as Program
    const folder = dirname(dirname(fileURLToPath(entry)))
    const work = join(folder, "ops/tensor/tiles/work.mjs")
    expect(statSync(work).size).toBeGreaterThan(0)
    // A thread loads no TypeScript, hence no `tsx`.
    expect(readFileSync(work, "utf8")).not.toMatch(/\.ts"/)
  })

  it("is not used with a server or a cluster, which need the modules themselves", async () => {
    expect(await bundledProgram(["--cluster", "a.yaml"])).toBeUndefined()
  })
})
