import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { answerTo } from "../../../src/experiments/command/answer.ts"
import { runCommand } from "../../../src/experiments/command/command-line.ts"
import { version } from "../../../src/ops/version.ts"

const textOf = (...args: ReadonlyArray<string>) => {
  const answer = answerTo(args)
  return answer !== undefined && "text" in answer ? answer.text : undefined
}

describe("questions about the program", () => {
  it("--help lists every option with its description", () => {
    for (const help of ["--help", "-h"]) {
      const text = textOf("x.yaml", help)
      for (const [name, { about }] of Object.entries(runCommand.options)) {
        expect(text).toMatch(new RegExp(`^  --${name}\\b.*   ${about}$`, "m"))
      }
    }
  })

  it("--version is that of package.json", () => {
    expect(textOf("--version")).toBe(`orbitrank ${version}`)
    const manifest = readFileSync(resolve(import.meta.dirname, "../../../package.json"), "utf8")
    expect(JSON.parse(manifest).version).toBe(version)
  })

  it("--completions takes its shell with or without an equals sign", () => {
    expect(textOf("--completions", "bash")).toBe(textOf("--completions=bash"))
    expect(answerTo(["--completions"])).toEqual({
      complaint: "--completions: the name of a shell is missing. Give one of bash, zsh, fish."
    })
  })

  it("refuses an argument that holds a password, without showing it", () => {
    for (const args of [
      ["x.yaml", "--set", "cluster=postgres://me:s3cret@host/db"],
      ["x.yaml", "--cluster", "postgres://me:s3cret@host/db"],
      ["--cluster=postgresql://me:s3cret@host/db", "--help"]
    ]) {
      expect(answerTo(args)).toEqual({ complaint: expect.stringMatching(/^An argument holds .* ORBITRANK_CLUSTER/) })
      expect(JSON.stringify(answerTo(args))).not.toContain("s3cret")
    }
    expect(answerTo(["x.yaml", "--set", "a=https://host:80/@b"])).toBeUndefined()
  })

  it("leaves work, and words behind --, to the command", () => {
    expect(answerTo(["x.yaml", "--check"])).toBeUndefined()
    expect(answerTo(["--", "--help"])).toBeUndefined()
  })

  it("need neither Effect nor the operators", () => {
    const src = resolve(import.meta.dirname, "../../../src")
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, "utf8")
      for (const [, to] of text.matchAll(/^(?:import|export) (?!type )[^"]*from "(\.[^"]+)"/gm))
        visit(join(file, "..", to))
      expect([
        file,
        [...text.matchAll(/^(?:import|export) (?!type )[^"]*from "([^".n][^"]*)"/gm)].map(([, name]) => name)
      ]).toEqual([file, []])
    }
    visit(join(src, "experiments/command/answer.ts"))
    expect(seen.size).toBeGreaterThan(4)
    expect([...seen].filter((file) => file.includes("operators"))).toEqual([])
  })
})
