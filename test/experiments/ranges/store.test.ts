/** A store whose patches are decoded in ranges holds the values of one that was written in one piece. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { RunRecord } from "../../../src/experiments/folder/record.ts"
import { openReader } from "../../../src/ops/data/stores/open-store.ts"
import { runHere } from "../in-process.ts"
import { runUntil } from "./run-until.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const data = join(home, "data")

/** Writes the miniature into a store of the given name, four patches per transaction. */
const storing = (to: string, policy = "fail"): string => {
  const file = join(home, `${to}.yaml`)
  writeFileSync(
    file,
    `root_dir: ${data}
experiment: ${to}
pipelines:
  prepare:
    - archive: { path: miniature }
    - split
    - decode: { on_bad_patch: ${policy} }
    - store: { to: ${to}, transaction: 4 }
`
  )
  return file
}

const contentsOf = (to: string): Promise<ReadonlyArray<readonly [string, string]>> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.map(openReader(join(data, to)), (reader) =>
        [...reader.names()].map((name) => [name, Buffer.from(reader.read(name)).toString("base64")] as const)
      )
    )
  )

const pipelineOf = (out: string) =>
  (JSON.parse(readFileSync(join(home, out, "record.json"), "utf8")) as RunRecord).pipelines.prepare

const PATCHES = 26
let whole: ReadonlyArray<readonly [string, string]>

beforeAll(async () => {
  const file = join(home, "miniature.yaml")
  writeFileSync(file, `root_dir: ${data}\npipelines:\n  make: [ miniature: { patches: ${PATCHES} } ]\n`)
  expect((await runHere(file, [], { out: join(home, "made") })).error).toBe("")
  expect((await runHere(storing("whole"), [], { out: join(home, "whole") })).error).toBe("")
  whole = await contentsOf("whole")
  expect(whole).toHaveLength(PATCHES)
}, 60_000)

describe("a store written in ranges", () => {
  it("holds the values of one piece, and leaves no part behind", async () => {
    const out = join(home, "divided")
    const { error, said } = await runHere(storing("divided"), ["range=8"], { out })
    expect([error, said]).toEqual(["", expect.stringContaining("4 of 4 ranges")])
    expect(await contentsOf("divided")).toEqual(whole)
    expect(readdirSync(out)).toEqual(["record.json"])
    const counts = pipelineOf("divided").stages.map(({ elements, stage }) => [stage, elements])
    expect(counts).toEqual(pipelineOf("whole").stages.map(({ elements, stage }) => [stage, elements]))
    expect(pipelineOf("divided").wrote.map(({ path }) => path.replace("divided", "whole"))).toEqual(
      pipelineOf("whole").wrote.map(({ path }) => path)
    )
  })

  it("holds them, too, if other processes decode", async () => {
    const { error, said } = await runHere(storing("processes"), ["range=8"], {
      out: join(home, "processes"),
      processes: 2
    })
    expect([error, said]).toEqual(["", expect.stringContaining("4 of 4 ranges")])
    expect(await contentsOf("processes")).toEqual(whole)
  }, 60_000)

  it("continues with the first range that it does not hold, without the files of parts", async () => {
    const out = join(home, "stopped")
    await runUntil(storing("stopped"), ["range=8"], out, 2)
    const parts = join(out, "parts", "prepare", "3-store")
    expect(readdirSync(parts).filter((name) => name.endsWith(".part"))).toEqual([])
    const { error, said } = await runHere(storing("stopped"), ["range=8"], { out })
    expect([error, said]).toEqual(["", expect.stringContaining("  2 of 4 ranges are there already")])
    expect(await contentsOf("stopped")).toEqual(whole)
  })

  it("is written anew if someone removed it meanwhile", async () => {
    const out = join(home, "removed")
    await runUntil(storing("removed"), ["range=8"], out, 2)
    rmSync(join(data, "removed"), { recursive: true })
    const { error, said } = await runHere(storing("removed"), ["range=8"], { out })
    expect(error).toBe("")
    expect(said).not.toContain("are there already")
    expect(await contentsOf("removed")).toEqual(whole)
  })

  it("refuses other pixels again and again, until the store or the archive is right", async () => {
    const names = readdirSync(join(data, "miniature")).filter((name) => !name.includes("."))
    const pixels = (name: string) => join(data, "miniature", name, `${name}_B02.tif`)
    const other = pixels(names[3])
    const kept = readFileSync(other)
    expect((await runHere(storing("stale"), [], { out: join(home, "stale") })).error).toBe("")
    writeFileSync(other, readFileSync(pixels(names[4])))
    const out = join(home, "stale-divided")
    const refused = "holds 1 of these patches with other pixels"
    for (const more of [{}, {}, { processes: 2 }]) {
      const { error } = await runHere(storing("stale"), ["range=8"], { out, ...more })
      expect(error).toContain(refused)
    }
    writeFileSync(other, kept)
    const mended = await runHere(storing("stale"), ["range=8"], { out })
    expect([mended.error, mended.said]).toEqual(["", expect.stringContaining("26 of 26 patches were there already")])
  }, 60_000)

  it("reports the bad patches of all ranges together, and reads them again once they are repaired", async () => {
    const names = [2, 20].map((i) => readdirSync(join(data, "miniature")).filter((name) => !name.includes("."))[i])
    const files = names.map((name) => join(data, "miniature", name, `${name}_B02.tif`))
    const kept = files.map((file) => readFileSync(file))
    for (const file of files) truncateSync(file, 50)
    const one = await runHere(storing("bad-whole"), [], { out: join(home, "bad-whole") })
    const out = join(home, "bad")
    const many = await runHere(storing("bad"), ["range=8"], { out })
    expect(one.error).toContain("2 bad patches")
    expect(many.error.replaceAll("bad.yaml", "bad-whole.yaml")).toBe(one.error)
    const left = await runHere(storing("skipped", "skip"), ["range=8"], { out: join(home, "skipped") })
    expect([left.error, left.said]).toEqual(["", expect.stringContaining("decode: left out 2 bad patches")])
    expect((await contentsOf("skipped")).map(([name]) => name)).toEqual(
      whole.map(([name]) => name).filter((name) => !names.includes(name))
    )
    files.forEach((file, i) => {
      rmSync(file)
      appendFileSync(file, kept[i])
    })
    const again = await runHere(storing("bad"), ["range=8"], { out })
    expect([again.error, again.said]).toEqual(["", expect.stringContaining("  2 of 4 ranges are there already")])
    expect(await contentsOf("bad")).toEqual(whole)
  })
})
