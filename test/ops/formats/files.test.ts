import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { besideOf, GrowingFile, sweepPartials, writeFileAtomic } from "../../../src/ops/formats/files.ts"
import { temporaryFolder } from "../data/folder.ts"

/** The id of a process that has ended. */
const ended = (): number => spawnSync(process.execPath, ["-e", ""]).pid

const old = (path: string): string => {
  writeFileSync(path, "half")
  utimesSync(path, 1_000_000, 1_000_000)
  return path
}

describe("a file that appears whole", () => {
  it("replaces an older one, makes its folder, and leaves nothing beside", () => {
    const folder = join(temporaryFolder(), "a", "b")
    for (const content of ["first", Buffer.from("second")]) writeFileAtomic(join(folder, "f"), content)
    expect(readFileSync(join(folder, "f"), "utf8")).toBe("second")
    expect(readdirSync(folder)).toEqual(["f"])
  })

  it("leaves nothing where it cannot be put", () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "f", "full"), { recursive: true })
    expect(() => writeFileAtomic(join(folder, "f"), "x")).toThrow()
    expect(readdirSync(folder)).toEqual(["f"])
  })

  it("grows beside its place, under a name that the sweep knows", () => {
    const folder = temporaryFolder()
    const file = new GrowingFile(join(folder, "f"), 2)
    file.append(Buffer.from("cd"))
    expect(existsSync(file.path)).toBe(false)
    const [beside] = readdirSync(folder)
    expect(beside).toMatch(new RegExp(`^f\\.${process.pid}-[0-9a-f]{8}\\.partial$`))
    file.append(Buffer.from("ef"))
    file.complete(Buffer.from("ab"))
    file.rename()
    file.abandon()
    expect(readFileSync(file.path, "utf8")).toBe("abcdef")
    new GrowingFile(join(folder, "g")).append(Buffer.from("x"))
    expect(sweepPartials(folder, { alone: true })).toEqual([besideOf(join(folder, "g"))])
    expect(readdirSync(folder)).toEqual(["f"])
  })
})

describe("sweeping partial files", () => {
  it("removes those of killed processes, in folders below, too", () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "deep", "er"), { recursive: true })
    const pid = ended()
    const left = ["a.json", "deep/b.npy", "deep/er/c"].map((name) =>
      old(join(folder, `${name}.${pid}-0123abcd.partial`))
    )
    expect(sweepPartials(folder, { deep: false })).toEqual([left[0]])
    expect([...sweepPartials(folder)].sort()).toEqual(left.slice(1).sort())
    expect(sweepPartials(folder)).toEqual([])
  })

  it("keeps those of a process that runs, and young ones, unless nobody else writes there", () => {
    const folder = temporaryFolder()
    const running = old(join(folder, `a.${process.pid}.partial`))
    const young = join(folder, `b.${ended()}.partial`)
    writeFileSync(young, "half")
    expect(sweepPartials(folder)).toEqual([])
    expect(sweepPartials(folder, { alone: true })).toEqual([running, young])
  })

  it("removes those of earlier versions, whose names have no token", () => {
    const folder = temporaryFolder()
    const left = old(join(folder, `a.${ended()}.partial`))
    expect(sweepPartials(folder)).toEqual([left])
  })

  it("leaves excepted folders, and everything in them", () => {
    const folder = temporaryFolder()
    for (const name of ["kept/below", "swept"]) mkdirSync(join(folder, name), { recursive: true })
    const [, swept] = ["kept/below/a", "swept/b"].map((name) => old(join(folder, `${name}.${ended()}.partial`)))
    expect(sweepPartials(folder, { alone: true, except: (below) => below === join(folder, "kept") })).toEqual([swept])
  })

  it("touches nothing that is not named as a partial file, no folder, and nothing behind a link", () => {
    const folder = temporaryFolder()
    const elsewhere = temporaryFolder()
    const pid = ended()
    const kept = old(join(elsewhere, `a.${pid}.partial`))
    for (const name of [
      "a.partial",
      "notes.x1.partial",
      `${pid}.partial`,
      `a.${pid}.partial.txt`,
      `.${pid}.partial`,
      `a.${pid}-x.partial`
    ]) {
      old(join(folder, name))
    }
    mkdirSync(join(folder, `folder.${pid}.partial`))
    symlinkSync(elsewhere, join(folder, "link"))
    symlinkSync(kept, join(folder, `link.${pid}.partial`))
    const before = readdirSync(folder).sort()
    expect(sweepPartials(folder, { alone: true })).toEqual([])
    expect(readdirSync(folder).sort()).toEqual(before)
    expect(existsSync(kept)).toBe(true)
  })

  it("finds nothing in a folder that is not there", () => {
    expect(sweepPartials(join(temporaryFolder(), "nope"))).toEqual([])
  })
})
