/** Follows docs/tutorial.md: writes its files and runs its commands, as they are written. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"

const root = resolve(import.meta.dirname, "..")
const home = mkdtempSync(join(tmpdir(), "orbitrank-tutorial-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const tutorial = readFileSync(join(root, "docs/tutorial.md"), "utf8")
const commands = [...tutorial.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, text]) => text.trim().split("\n"))
const files = [...tutorial.matchAll(/^```yaml file=(\S+)\n([\s\S]*?)^```/gm)]

const run = (command: string): string => {
  const [program, ...args] = command.split(" ")
  expect(program).toBe("npx")
  return execFileSync(program, args, {
    cwd: home,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"]
  })
}

describe("the tutorial", () => {
  it("runs from its first command to its last", () => {
    for (const name of ["src", "configs", "node_modules", "package.json", "tsconfig.json"]) {
      symlinkSync(join(root, name), join(home, name))
    }
    for (const [, name, text] of files) writeFileSync(join(home, name), text)
    expect(commands).toHaveLength(6)
    const [make, init, check, train, search, longer] = commands
    run(make)
    expect(existsSync(join(home, "pictures", "labels.csv"))).toBe(true)
    const found = run(init)
    // The lines that the page shows, but for the folder in the first one.
    const [, shown] = /^```\nWritten by .*\n([\s\S]*?)^```/m.exec(tutorial) ?? []
    expect(found).toContain(shown)
    expect(existsSync(join(home, "pictures.yaml"))).toBe(true)
    expect(run(check)).toContain("parameters, of which")
    run(train)
    const at = (...path: ReadonlyArray<string>) => join(home, "outputs", ...path)
    const { results } = JSON.parse(readFileSync(at("pictures", "record.json"), "utf8"))
    // The page promises that training helps at each level.
    for (const level of ["easy", "medium", "hard"]) {
      expect(results.trained.mAP[level]).toBeGreaterThan(results.untrained.mAP[level])
    }
    for (const file of ["report.html", "page/index.html", "embeddings.npy"]) {
      expect(existsSync(at("pictures", file)), file).toBe(true)
    }
    expect(readFileSync(at("pictures", "embeddings.csv"), "utf8")).toContain("image-0003,")
    run(search)
    const answer = JSON.parse(readFileSync(at("search", "search.json"), "utf8"))
    expect(JSON.stringify(answer)).toContain("image-0003")
    run(longer)
    expect(existsSync(at("longer", "report.html"))).toBe(true)
  }, 600_000)
})
