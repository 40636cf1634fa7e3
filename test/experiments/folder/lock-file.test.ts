import { spawn } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { keepFresh } from "../../../src/experiments/folder/lock-beat.ts"
import { takeLock } from "../../../src/experiments/folder/lock-file.ts"
import { hostOf } from "../../../src/experiments/folder/lock-owner.ts"

let folder = ""
let path = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
  path = join(folder, "run.lock")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const locked = (owner: object) => writeFileSync(path, JSON.stringify({ host: hostOf(), token: "a-1", ...owner }))
const held = () => {
  const lock = takeLock(folder)
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ host: hostOf(), pid: process.pid })
  lock.release()
  expect(readdirSync(folder)).toEqual([])
}
/** Makes the lock older by some seconds, by default two hours. */
const longAgo = (seconds = 7200) => {
  const then = statSync(path).mtimeMs / 1000 - seconds
  utimesSync(path, then, then)
}
const way = () => `or choose another folder with \`--out\`; delete ${path} if no run is using the folder`

describe("a lock", () => {
  it("is whole, ours alone, and gone when released", () => {
    const lock = takeLock(folder)
    expect(() => takeLock(folder)).toThrow(`${folder}: is in use by process ${process.pid}. Wait for it, ${way()}.`)
    expect(readdirSync(folder)).toEqual(["run.lock"])
    lock.release()
    held()
  })

  it("is not released by one that has lost it", () => {
    const lock = takeLock(folder)
    locked({ pid: process.pid })
    lock.release()
    expect(readFileSync(path, "utf8")).toContain("a-1")
  })

  it("of a process that has ended is taken over, also that of version 0.1.0", () => {
    locked({ pid: 4194304 })
    held()
    writeFileSync(path, "4194304")
    held()
  })

  it("of version 0.1.0 is respected while its process runs", () => {
    writeFileSync(path, String(process.ppid))
    expect(() => takeLock(folder)).toThrow(`${folder}: is in use by process ${process.ppid}. Wait for it, ${way()}.`)
  })

  it.skipIf(process.platform === "win32")("of a process whose number another one has by now is taken over", () => {
    locked({ pid: process.ppid, started: "before the machine started" })
    held()
    locked({ pid: process.pid, started: "before the container started" })
    held()
  })

  it("of another machine is respected until nobody has refreshed it for long", () => {
    locked({ host: "elsewhere 1", pid: 4194304 })
    expect(() => takeLock(folder)).toThrow(
      `${folder}: is in use by process 4194304 on elsewhere. Wait for it, ${way()}.`
    )
    longAgo()
    held()
  })

  it("of another machine that is refreshed every ten seconds is free a minute after its owner ended", () => {
    locked({ host: "elsewhere 1", pid: 4194304, beat: 10_000 })
    longAgo(30)
    expect(() => takeLock(folder)).toThrow("is in use by process 4194304 on elsewhere")
    longAgo(25)
    held()
    // Earlier versions refresh their locks less often.
    locked({ host: "elsewhere 1", pid: 4194304 })
    longAgo(60)
    expect(() => takeLock(folder)).toThrow("is in use by process 4194304 on elsewhere")
  })

  it("is refreshed even while its owner computes, and never that of another process", async () => {
    const lock = takeLock(folder, 10)
    expect(JSON.parse(lock.text)).toMatchObject({ beat: 10 })
    const [before, deadline] = [statSync(path).mtimeMs, Date.now() + 60_000]
    const stop = keepFresh(path, lock.text, 10)
    // This loop keeps the main thread busy.
    longAgo()
    while (statSync(path).mtimeMs < before && Date.now() < deadline);
    expect(statSync(path).mtimeMs).toBeGreaterThanOrEqual(before)
    expect(readFileSync(path, "utf8")).toBe(lock.text)
    rmSync(path)
    locked({ pid: process.pid })
    longAgo()
    await new Promise((done) => setTimeout(done, 100))
    expect(statSync(path).mtimeMs).toBeLessThan(before)
    expect(readFileSync(path, "utf8")).toContain("a-1")
    stop()
    lock.release()
  })

  it("that a killed process left empty is taken over after a while", () => {
    writeFileSync(path, "")
    expect(() => takeLock(folder)).toThrow(`${folder}: is in use by another process. Wait for it, ${way()}.`)
    longAgo()
    held()
  })

  it("that is a folder or of another program is named, and not touched", () => {
    mkdirSync(path)
    expect(() => takeLock(folder)).toThrow(`${path}: is a folder, where the lock of the run has to be. Choose`)
    rmSync(path, { recursive: true })
    for (const text of [
      "somebody's notes",
      "{}",
      '{"host":"a","pid":-1,"token":"x"}',
      '{"host":"a","pid":1,"token":"../x"}'
    ]) {
      writeFileSync(path, text)
      expect(() => takeLock(folder)).toThrow(
        `${path}: is not a lock of this program. Choose another folder with \`--out\``
      )
      expect(readFileSync(path, "utf8")).toBe(text)
    }
  })

  it.skipIf(process.getuid?.() === 0)("of a folder that may not be written says so", () => {
    chmodSync(folder, 0o555)
    expect(() => takeLock(folder)).toThrow(`${folder}: cannot be written. Choose another folder with \`--out\`.`)
    chmodSync(folder, 0o755)
  })

  it("leaves no guard or unfinished lock of killed processes behind", () => {
    for (const name of ["run.lock.a-1", "run.lock.a-2.partial"]) {
      writeFileSync(join(folder, name), "")
      utimesSync(join(folder, name), 1, 1)
    }
    held()
  })

  it("leaves no unfinished lock of a process that has just been killed, but that of a running one", () => {
    const unfinished = (pid: number, name: string) =>
      writeFileSync(join(folder, name), JSON.stringify({ host: hostOf(), pid, token: "a-1" }))
    unfinished(4194304, "run.lock.a-1.partial")
    held()
    unfinished(process.ppid, "run.lock.a-2.partial")
    takeLock(folder).release()
    expect(readdirSync(folder)).toEqual(["run.lock.a-2.partial"])
  })

  it("is held by one of many processes at a time, stale locks between them", async () => {
    const child = join(import.meta.dirname, "lock-child.ts")
    const args = ["--import", "tsx", child, folder, "40"]
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    )
    const outs = await Promise.all(
      children.map(async (one) => {
        let out = ""
        one.stdout.setEncoding("utf8").on("data", (text: string) => {
          out += text
        })
        await once(one, "close")
        return JSON.parse(out) as { readonly held: number; readonly doubled: number }
      })
    )
    expect(outs).toEqual(outs.map(() => ({ held: 40, doubled: 0 })))
    expect(existsSync(join(folder, "inside"))).toBe(false)
  })
})
