/** The law of ranges: any cut of the work gives the same bytes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { PipelineRecord, RunRecord } from "../../../src/experiments/folder/record.ts"
import { runHere } from "../in-process.ts"
import { dividing, preparing } from "./example.ts"
import { runUntil } from "./run-until.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const FILES = ["embeddings.npy", "embeddings.csv", "embeddings.predicted.csv", "embeddings.json", "queries.csv"]
const filesOf = (folder: string) => FILES.map((name) => readFileSync(join(folder, name)).toString("base64"))

let whole: { readonly files: ReadonlyArray<string>; readonly results: unknown }

beforeAll(async () => {
  expect((await runHere(preparing(home), [], { out: join(home, "prepared") })).error).toBe("")
  const { error, results } = await runHere(dividing(home), [], { out: join(home, "whole") })
  expect(error).toBe("")
  whole = { files: filesOf(join(home, "whole")), results }
})

describe("ranges made here", () => {
  it("give the bytes and the figures of one piece", async () => {
    const out = join(home, "divided")
    const { error, results, said } = await runHere(dividing(home), ["range=8"], { out })
    expect(error).toBe("")
    expect(filesOf(out)).toEqual(whole.files)
    expect(results).toEqual(whole.results)
    expect(said).toContain("8 of 8 ranges")
    expect(existsSync(join(out, "parts"))).toBe(false)
    expect(readdirSync(out).sort()).toEqual(readdirSync(join(home, "whole")).sort())
  })

  it("continue after a stop with the first range that is missing, and make damaged parts again", async () => {
    const out = join(home, "stopped")
    await runUntil(dividing(home), ["range=8"], out, 3)
    const parts = join(out, "parts", "extract", "4-embed")
    const made = readdirSync(parts).filter((name) => name.endsWith(".part"))
    expect(made).toHaveLength(3)
    const [first] = made
    writeFileSync(join(parts, first), readFileSync(join(parts, first)).fill(1, 100, 101))
    const { error, results, said } = await runHere(dividing(home), ["range=8"], { out })
    expect([error, said]).toEqual(["", expect.stringContaining("  2 of 8 ranges are there already")])
    expect(filesOf(out)).toEqual(whole.files)
    expect(results).toEqual(whole.results)
    const { pipelines } = JSON.parse(readFileSync(join(out, "record.json"), "utf8")) as RunRecord
    const { pipelines: before } = JSON.parse(readFileSync(join(home, "whole", "record.json"), "utf8")) as RunRecord
    const counts = ({ stages }: PipelineRecord) => stages.map(({ elements, stage }) => [stage, elements])
    expect(counts(pipelines.extract)).toEqual(counts(before.extract))
    expect(pipelines.extract.used?.map(({ path }) => path)).toEqual(before.extract.used?.map(({ path }) => path))
  })

  it("are not those of another network, seed or list", async () => {
    const out = join(home, "other")
    await runUntil(dividing(home), ["range=8"], out, 3)
    const list = join(home, "data", "train.csv")
    const kept = readFileSync(list, "utf8")
    writeFileSync(list, kept.split("\n").slice(1).join("\n"))
    const { error, said } = await runHere(dividing(home), ["range=8"], { out })
    writeFileSync(list, kept)
    expect(error).toBe("")
    expect(said).not.toContain("are there already")
  })

  it("go with the files of a run that begins anew", async () => {
    const out = join(home, "fresh")
    await runUntil(dividing(home), ["range=8"], out, 2)
    writeFileSync(join(out, "parts", "mine.txt"), "mine")
    const { said } = await runHere(dividing(home), ["range=8"], { out, fresh: true })
    expect(said).not.toContain("are there already")
    expect(readdirSync(join(out, "parts"))).toEqual(["mine.txt"])
  })
})

describe("ranges made by processes", () => {
  it("give the bytes, the figures and the counts of one piece", async () => {
    const out = join(home, "processes")
    const { error, results, said } = await runHere(dividing(home), ["range=8"], { out, processes: 2 })
    expect([error, said]).toEqual(["", expect.stringContaining("8 of 8 ranges")])
    expect(filesOf(out)).toEqual(whole.files)
    expect(results).toEqual(whole.results)
    const [now, before] = [out, join(home, "whole")].map(
      (folder) => JSON.parse(readFileSync(join(folder, "record.json"), "utf8")) as RunRecord
    )
    const counts = ({ stages }: PipelineRecord) => stages.map(({ elements, stage }) => [stage, elements])
    expect(counts(now.pipelines.extract)).toEqual(counts(before.pipelines.extract))
    expect(existsSync(join(out, "parts"))).toBe(false)
  })

  it("know the pipelines that parameters name, as the queries of a search", async () => {
    const file = join(home, "search.yaml")
    const from = `{ from: ${join(home, "whole/embeddings.npy")}, labels: ${join(home, "whole/embeddings.csv")} }`
    writeFileSync(
      file,
      `device: cpu\npipelines:\n  asked: [ embeddings: ${from} ]\n  found: [ embeddings: ${from}, search: { queries: asked } ]\n`
    )
    const here = await runHere(file, [], { out: join(home, "search-here") })
    const out = join(home, "search-processes")
    const there = await runHere(file, ["range=30"], { out, processes: 2 })
    expect([here.error, there.error, there.said]).toEqual(["", "", expect.stringContaining("3 of 3 ranges")])
    const [one, other] = [here.folder, out].map((folder) => readFileSync(join(folder, "search.json"), "utf8"))
    expect(other).toBe(one)
  }, 60_000)

  it("fail as this process would, with the place of the step", async () => {
    const out = join(home, "failing")
    const given = ["range=8", "extract.crop.size=500"]
    const here = await runHere(dividing(home), given, { out: join(home, "failing-here") })
    const there = await runHere(dividing(home), given, { out, processes: 2 })
    expect(here.error).toContain("too few for a crop of 500 x 500")
    expect(there.error.replace(/BigEarth\S+|S2\S+/g, "")).toBe(here.error.replace(/BigEarth\S+|S2\S+/g, ""))
  })
})
