/** Training that is killed at any moment and resumed ends with the bytes of one that was never stopped. */
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { random } from "../../../src/pipeline/random.ts"

const root = mkdtempSync(join(tmpdir(), "orbitrank-killed-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/**
 * Runs the child to its end, or kills it some milliseconds after it has printed some lines. A child that will be killed waits
 * for it at its end, so a slow machine cannot let it escape.
 */
const run = (folder: string, kind: string, kill?: { readonly lines: number; readonly ms: number }): Promise<void> =>
  new Promise((settle, fail) => {
    const child = spawn(process.execPath, [
      "--import",
      "tsx",
      join(import.meta.dirname, "killed-child.ts"),
      folder,
      kind,
      kill === undefined ? "end" : "wait"
    ])
    let lines = 0
    let said = ""
    child.stdout.on("data", (chunk: Buffer) => {
      lines += chunk.toString().split("\n").length - 1
      if (kill !== undefined && lines >= kill.lines) setTimeout(() => child.kill("SIGKILL"), kill.ms)
    })
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.on("error", fail)
    child.on("close", (code, signal) => {
      const right = kill === undefined ? code === 0 : signal === "SIGKILL"
      if (right) settle()
      else fail(new Error(`the process ended with ${signal ?? code}\n${said}`))
    })
  })

const contents = (folder: string) => {
  const checkpoints = join(folder, "checkpoints")
  const names = readdirSync(checkpoints).filter((name) => name.endsWith(".safetensors"))
  return {
    names,
    bytes: names.map((name) => readFileSync(join(checkpoints, name)).toString("base64")),
    curve: readFileSync(join(folder, "curve.csv"), "utf8")
  }
}

it.each(["draws", "memory"])("ends with the same bytes, wherever it was killed (%s)", async (kind) => {
  const [whole, parted] = [join(root, `whole ${kind}`), join(root, `parted ${kind}`)]
  const uninterrupted = run(whole, kind)
  // A seed of the day would make a failure that nobody can repeat.
  const draw = random(20, 0, "kill", "where")
  for (const lines of [2 + draw.int(3), 2 + draw.int(2)]) await run(parted, kind, { lines, ms: draw.int(60) })
  await run(parted, kind)
  await uninterrupted
  expect(contents(parted)).toEqual(contents(whole))
  expect(contents(whole).names).toEqual(["epoch_0003.safetensors", "epoch_0004.safetensors"])
})
