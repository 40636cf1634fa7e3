import { execFileSync, spawnSync } from "node:child_process"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { runCommand, SHELLS } from "../../../src/experiments/command/command-line.ts"
import { completionScript } from "../../../src/experiments/command/completions.ts"

const has = (shell: string) => spawnSync(shell, ["--version"]).status === 0

/** The words that bash offers for a command line; the last word is being typed. */
const offered = (...line: ReadonlyArray<string>): ReadonlyArray<string> => {
  const words = ["orbitrank", ...line].map((word) => `'${word}'`).join(" ")
  const program = `${completionScript("bash")}
COMP_WORDS=(${words}); COMP_CWORD=${line.length}; _orbitrank; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync("bash", ["-c", program], { encoding: "utf8", cwd: join(import.meta.dirname, "..") })
    .trim()
    .split("\n")
}

describe("completions", () => {
  it.each(SHELLS)("of %s name every option of the command", (shell) => {
    const script = completionScript(shell) ?? ""
    const option = (name: string) => (shell === "fish" ? `-l ${name} ` : `--${name}`)
    expect(Object.keys(runCommand.options).filter((name) => !script.includes(option(name)))).toEqual([])
  })

  it("exist for known shells only", () => {
    expect(completionScript("tcsh")).toBeUndefined()
    expect(completionScript("toString")).toBeUndefined()
  })

  it.each(SHELLS.filter(has))("of %s are free of syntax errors", (shell) => {
    const { status, stderr } = spawnSync(shell, ["-n"], { input: completionScript(shell), encoding: "utf8" })
    expect([status, stderr]).toEqual([0, ""])
  })
})

describe.skipIf(!has("bash"))("bash offers", () => {
  it("options that begin as typed", () => {
    expect(offered("--c")).toEqual(["--check", "--cluster", "--completions"])
    expect(offered("x.yaml", "--fr")).toEqual(["--fresh"])
  })

  it("files of the argument, folders of --out, shells of --completions", () => {
    expect(offered("compare.t")).toEqual(["compare.test.ts"])
    expect(offered("x.yaml", "--out", "orig")).toEqual(["original"])
    expect(offered("--completions", "")).toEqual([...SHELLS])
  })
})
