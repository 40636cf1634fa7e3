import { spawn } from "node:child_process"
import { once } from "node:events"
import { createRequire } from "node:module"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { withoutListener } from "../../src/experiments/launch.ts"

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

  it.skipIf(process.platform === "win32")("ends by itself after ^C, though it computes at that moment", async () => {
    const tsx = createRequire(import.meta.url).resolve("tsx/cli")
    const child = join(import.meta.dirname, "launch-child.ts")
    const running = spawn(process.execPath, [tsx, child, "a", "b c"], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"]
    })
    let said = ""
    running.stdout.setEncoding("utf8").on("data", (text: string) => {
      const before = said
      said += text
      // As a terminal does: to all processes of the command.
      if (!before.includes("busy") && said.includes("busy")) process.kill(-(running.pid ?? 0), "SIGINT")
    })
    const [code] = await once(running, "exit")
    expect([said, code]).toEqual(["busy a b c\nended by itself\n", 130])
  })
})
