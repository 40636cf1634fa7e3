import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { withoutListener } from "../../../src/experiments/command/launch.ts"
import { AT_ONCE } from "../../../src/pipeline/stopping.ts"
import { temporaryFolder } from "../../ops/data/folder.ts"

describe("a program under the command `tsx`", () => {
  it("runs again without what hears whether it answers", () => {
    const args = [
      "--no-warnings",
      "--require",
      "/x/tsx/dist/preflight.cjs",
      "--import",
      "file:///x/tsx/dist/loader.mjs"
    ]
    expect(withoutListener(args)).toEqual(["--no-warnings", "--import", "file:///x/tsx/dist/loader.mjs"])
    expect(withoutListener(["--import", "tsx"])).toEqual(["--import", "tsx"])
  })

  const child = join(import.meta.dirname, "launch-child.ts")

  /** Starts a program, and calls `act` once it is busy. */
  const started = async (args: ReadonlyArray<string>, act: (pid: number) => void) => {
    const running = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let err = ""
    running.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text
    })
    running.stdout.setEncoding("utf8").on("data", (text: string) => {
      const before = out
      out += text
      if (!before.includes("busy") && out.includes("busy")) act(running.pid ?? 0)
    })
    const [code, signal] = await once(running, "close")
    return { out, err, code, signal }
  }

  it.skipIf(process.platform === "win32")("ends by itself after ^C, though it computes at that moment", async () => {
    const tsx = createRequire(import.meta.url).resolve("tsx/cli")
    // As a terminal does: to all processes of the command.
    const { code, out } = await started([tsx, child, "a", "b c"], (pid) => process.kill(-pid, "SIGINT"))
    expect([out, code]).toEqual(["busy a b c\nended by itself\n", 130])
  })

  /** Starts the launcher as `tsx` does, but without waiting for its answers, which a busy machine delays. */
  const launched = (act: (pid: number) => void) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "preflight.cjs"), "")
    return started(["--require", join(folder, "preflight.cjs"), "--import", "tsx", child, "for-long"], act)
  }

  it.skipIf(process.platform === "win32").each([
    ["SIGTERM", 143],
    ["SIGINT", 130]
  ] as const)("that cannot answer ends at once on a second %s, with %i and what that costs", async (signal, status) => {
    const ended = await launched((pid) => {
      for (const after of [0, 1500]) setTimeout(() => process.kill(-pid, signal), after)
    })
    expect(ended).toEqual({ out: "busy for-long\n", err: expect.stringContaining(AT_ONCE), code: status, signal: null })
  })

  it.skipIf(process.platform === "win32")("that cannot answer ends although its launcher was killed", async () => {
    const ended = await launched((pid) => process.kill(pid, "SIGKILL"))
    expect(ended).toMatchObject({ out: "busy for-long\n", signal: "SIGKILL" })
  })
})
