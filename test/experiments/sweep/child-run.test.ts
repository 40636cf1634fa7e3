/** Runs as processes of their own: they are stopped, and end with whoever started them. */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { RunError } from "../../../src/experiments/run-error.ts"
import { childRun, openRuns } from "../../../src/experiments/sweep/child-run.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

// It takes so long that it is under way when the test acts.
const config = join(home, "long.yaml")
writeFileSync(
  config,
  `device: cpu\nroot_dir: ${home}\npipelines: { prepare: [{ miniature: { kind: ucm, patches: 2000, size: 256 } }] }\n`
)

const ownerOf = (out: string): number | undefined => {
  try {
    return JSON.parse(readFileSync(join(out, "run.lock"), "utf8")).pid
  } catch {
    return undefined
  }
}
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const soon = async <A>(look: () => A | undefined): Promise<A> => {
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    await new Promise((done) => setTimeout(done, 20))
  }
}

describe("runs of one kind", () => {
  it("follow each other in one process, which ends with them; others have processes of their own", async () => {
    const pids: Array<number> = []
    const runs = Effect.gen(function* () {
      const run = yield* openRuns()
      for (const [out, kind] of [
        ["first", "wasm"],
        ["second", "wasm"],
        ["third", "onnx"]
      ]) {
        let pid: number | undefined
        const stop = () => {
          pid ??= ownerOf(join(home, out))
          return pid !== undefined
        }
        const { code, last } = yield* run([config, "--out", join(home, out)], () => {}, { kind, stop })
        expect([code, last.filter((line) => line.includes(", into ")), last.at(-1)]).toEqual([
          130,
          [expect.stringContaining(join(home, out))],
          expect.stringContaining("Interrupted")
        ])
        pids.push(pid ?? 0)
      }
    })
    await Effect.runPromise(Effect.scoped(runs))
    expect(pids[1]).toBe(pids[0])
    expect(pids[2]).not.toBe(pids[0])
    for (const pid of pids) await soon(() => (isAlive(pid) ? undefined : true))
  }, 60_000)

  it("have a new process after one that died", async () => {
    const runs = Effect.gen(function* () {
      const run = yield* openRuns()
      const out = join(home, "dying")
      const kill = () => {
        const pid = ownerOf(out)
        if (pid !== undefined) process.kill(pid, "SIGKILL")
        return pid !== undefined
      }
      const died = yield* run([config, "--out", out], () => {}, { kind: "k", stop: kill })
      expect(died.signal).toBe("SIGKILL")
      expect((yield* run(["absent.yaml"], () => {}, { kind: "k" })).last.join()).toContain("absent.yaml")
    })
    await Effect.runPromise(Effect.scoped(runs))
  }, 60_000)
})

describe("a run as a process of its own", () => {
  const run = (out: string, stop: () => boolean) => childRun([config, "--out", join(home, out)], () => {}, { stop })

  it("is interrupted when it is to stop", async () => {
    const out = join(home, "stopped")
    const { code, last, signal } = await Effect.runPromise(run("stopped", () => ownerOf(out) !== undefined))
    expect([code, signal]).toEqual([130, undefined])
    expect(last.join("\n")).toContain("Interrupted")
  })

  it("may be gone when it is to stop", async () => {
    const ended = await Effect.runPromise(childRun(["absent.yaml"], () => {}, { stop: () => true }))
    expect(ended.code).not.toBe(0)
  })

  it("is interrupted if nobody can say whether it is to stop, and fails with the reason", async () => {
    const out = join(home, "unknown")
    const fault = new RunError({ subject: "best.json", problem: "is broken", remedy: "" })
    const failure = run("unknown", () => {
      if (ownerOf(out) !== undefined) throw fault
      return false
    })
    expect(await Effect.runPromise(Effect.flip(failure))).toBe(fault)
    expect(ownerOf(out)).toBeUndefined()
  })

  it.skipIf(process.platform === "win32")("ends with the process that started it, even if that is killed", async () => {
    const out = join(home, "orphan")
    const parent = spawn(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "child-run-parent.ts"), config, "--out", out],
      { stdio: "ignore" }
    )
    const pid = await soon(() => ownerOf(out))
    parent.kill("SIGKILL")
    await soon(() => (isAlive(pid) ? undefined : true))
    expect(ownerOf(out)).toBeUndefined()
  })
})
