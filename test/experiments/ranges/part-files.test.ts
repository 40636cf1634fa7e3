/** Folders of parts while other processes write and remove them. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest"
import {
  cellLog,
  removeEnded,
  removeParts,
  removeWanted,
  tidy,
  writeWanted
} from "../../../src/experiments/ranges/part-files.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Runs just before a folder is removed: what another process does meanwhile. */
const meanwhile = vi.hoisted(() => ({ act: (_: string) => {} }))
vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>()
  return {
    ...real,
    rmdirSync: (path: string) => {
      meanwhile.act(path)
      real.rmdirSync(path)
    }
  }
})
beforeEach(() => {
  meanwhile.act = () => {}
})

describe("a folder that another process changes meanwhile", () => {
  it("is kept if a file appeared", () => {
    const folder = join(home, "filled")
    mkdirSync(folder)
    meanwhile.act = (path) => writeFileSync(join(path, "new"), "")
    tidy(folder)
    expect(existsSync(join(folder, "new"))).toBe(true)
  })

  it("may be gone", () => {
    const folder = join(home, "gone")
    mkdirSync(folder)
    meanwhile.act = (path) => rmSync(path, { recursive: true })
    tidy(folder)
    expect(existsSync(folder)).toBe(false)
    tidy(folder)
  })

  it("does not stop the removal of parts", () => {
    const run = join(home, "run")
    mkdirSync(join(run, "parts", "extract", "4-embed"), { recursive: true })
    writeFileSync(join(run, "parts", "extract", "4-embed", "0123456789abcdef.part"), "")
    meanwhile.act = (path) => rmSync(path, { recursive: true, force: true })
    removeParts(run)
    removeParts(run, "extract")
    writeWanted(run, "00000000-0000-0000-0000-000000000000")
    removeWanted(run, "00000000-0000-0000-0000-000000000000")
    expect(existsSync(join(run, "parts"))).toBe(false)
  })
})

describe("half-written parts", () => {
  const stage = join(home, "half", "parts", "extract", "4-embed")
  const half = "0123456789abcdef.part.77-0123abcd.partial"
  it("stay when a pipeline starts anew, for workers may still write them, and go when it has ended", () => {
    mkdirSync(stage, { recursive: true })
    writeFileSync(join(stage, half), "")
    removeParts(join(home, "half"), "extract")
    expect(readdirSync(stage)).toEqual([half])
    removeEnded(join(home, "half"), "extract")
    expect(readdirSync(join(home, "half"))).toEqual([])
  })

  it("go with all parts", () => {
    mkdirSync(stage, { recursive: true })
    writeFileSync(join(stage, half), "")
    removeEnded(join(home, "half"))
    expect(readdirSync(join(home, "half"))).toEqual([])
  })
})

describe("the files of a run on a cluster", () => {
  const [own, other] = ["00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"]
  it("go with the run, and those of a killed one with all parts", () => {
    const run = join(home, "cluster")
    for (const id of [own, other]) {
      writeWanted(run, id)
      writeFileSync(cellLog(run, id, "0123456789abcdef"), "begun\n")
    }
    writeFileSync(join(run, "parts", "mine.log"), "")
    removeWanted(run, own)
    expect(readdirSync(join(run, "parts")).sort()).toEqual([
      `${other}.0123456789abcdef.log`,
      `${other}.wanted`,
      "mine.log"
    ])
    removeParts(run)
    expect(readdirSync(join(run, "parts"))).toEqual(["mine.log"])
  })
})
