/** A sweep: its grid and faults, and a small one that runs in processes of its own. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { readConfigFile } from "../../../src/experiments/plan/plan.ts"
import { gridOf } from "../../../src/experiments/sweep/grid.ts"
import { planSweep } from "../../../src/experiments/sweep/plan-sweep.ts"
import { readSweep } from "../../../src/experiments/sweep/sweep-file.ts"
import { runChild } from "../child.ts"
import { comparisonOf, preparing, reading, recordOf } from "./sweeps.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const file = (name: string, text: string): string => {
  const path = join(home, name)
  writeFileSync(path, text)
  return path
}

const CELL = file(
  "cell.yaml",
  `root_dir: ${join(home, "data")}
device: wasm
pipelines:
${preparing(40, 0.1)}
  test:
${reading("test", 8)}
    - embed: { model: { backbone: resnet10-slim, pooling: avg, channels: 3, num_classes: 17 }, weights: initial }
    - rank: { queries: 0.5, seed: 24 }
    - measure: { at: [5], per_query: queries }
    - report
`
)

const sweep = (lines: string): string => file("sweep.yaml", `sweep:\n  of: ${CELL}\n${lines}`)

const read = (path: string, set: ReadonlyArray<string> = []) => {
  const found = readSweep(readConfigFile(path), set)
  if (found === undefined) throw new Error("not a sweep")
  return found
}
const messageOf = (run: () => unknown): string => {
  try {
    run()
    return ""
  } catch (error) {
    return (error as Error).message
  }
}

describe("the grid of a sweep", () => {
  it("has a group for each choice but the seed, the one of `against` first", () => {
    const { cells, sweep: read1 } = read(
      sweep(`  over: { seed: [1, 2], test.embed.model.pooling: [avg, gem], test.crop.size: [32, 64] }
  set: { test.batch.size: 4 }
  against: { test.embed.model.pooling: gem }
`),
      ["threads=1", "sweep.resamples=10"]
    )
    expect([cells, read1.resamples]).toEqual([["threads=1"], 10])
    const groups = gridOf(read1, cells)
    expect(groups.map(({ name }) => name)).toEqual([
      "pooling=gem,size=32",
      "pooling=avg,size=32",
      "pooling=avg,size=64",
      "pooling=gem,size=64"
    ])
    const [first, second] = groups[0].cells
    expect(first.name).toBe("pooling=gem,size=32,seed=1")
    expect(second.set).toEqual([
      "threads=1",
      "test.batch.size=4",
      "test.embed.model.pooling=gem",
      "test.crop.size=32",
      "seed=2"
    ])
  })

  it("hands every value on as it is: a text that looks like a number stays a text", () => {
    const { sweep: found } = read(sweep('  over: { test.report.as: ["24", plain] }\n  set: { test.note: "a: b" }\n'))
    const sets = gridOf(found, []).flatMap(({ cells }) => cells.map(({ set }) => set))
    expect(sets).toEqual([
      ['test.note="a: b"', 'test.report.as="24"'],
      ['test.note="a: b"', "test.report.as=plain"]
    ])
  })

  it("is drawn for a random search: the same groups for the same key", () => {
    const over = "  over: { test.crop.size: [8, 16, 24, 32, 40, 48], seed: [1, 2] }\n"
    const groups = (more: string) => gridOf(read(sweep(over + more)).sweep, []).map(({ name }) => name)
    expect(groups("  draw: 3\n")).toHaveLength(3)
    expect(groups("  draw: 3\n")).toEqual(groups("  draw: 3\n"))
    expect(groups("  draw: 3\n  draw_seed: 2\n")).not.toEqual(groups("  draw: 3\n"))
    expect(groups("  draw: 30\n")).toHaveLength(6)
  })
})

describe("configs/sweep.yaml", () => {
  it("plans every cell", () => {
    const { cells, sweep: found } = read(resolve(import.meta.dirname, "../../../configs", "sweep.yaml"))
    const { groups, plans } = planSweep(found, cells)
    expect([groups.length, plans.size]).toEqual([2, 6])
    expect(groups[0].name).toBe("metric_loss=smoothap")
  })
})

describe("faults of a sweep", () => {
  it("are found at their places, before anything runs", () => {
    const fault = (lines: string) => messageOf(() => read(sweep(lines)))
    expect(fault("  over: { seed: [1] }\n  agianst: { seed: 1 }\n")).toMatch(
      /sweep\.yaml:4:3: sweep\.agianst: unknown key; did you mean `against`\?/
    )
    expect(fault("  once: [prepare]\n")).toContain("sweep.over: is missing")
    expect(fault("  over: {}\n")).toContain("has no key")
    expect(fault("  over: { seed: [] }\n")).toContain("has no value for `seed`")
    expect(fault("  over: { seed: [1, 1] }\n")).toContain("has a value of `seed` twice")
    expect(fault("  over: { seed: [1], a.b: [2] }\n  against: { a.b: 3 }\n")).toContain(
      "has 3 for `a.b`, which is none of"
    )
    expect(fault("  over: { seed: [1] }\n  against: { a.c: 3 }\n")).toContain("names `a.c`, which is not a key")
  })

  it("of a cell name its key, and a table that is not written is missed", () => {
    const fault = (lines: string) =>
      messageOf(() => {
        const { cells, sweep: found } = read(sweep(lines))
        planSweep(found, cells)
      })
    expect(fault("  over: { test.embed.model.poling: [avg] }\n")).toContain("poling")
    expect(fault("  over: { seed: [1] }\n  per_query: other\n")).toContain("writes the table other")
    expect(fault("  over: { seed: [1] }\n  once: [prepair]\n")).toContain("has no pipeline prepair")
  })
})

describe("a sweep that runs", () => {
  const path = () =>
    sweep(`  once: [prepare]
  over: { seed: [1, 2], test.embed.model.pooling: [avg, max] }
  figures: [mAP.hard]
  resamples: 50
  processes: 2
`)
  const out = join(home, "out")
  const cell = (name: string) => join(out, "cells", name)

  it("gives each cell what run.ts gives, prepares once, and compares the groups", async () => {
    const ran = await runChild([path(), "--out", out])
    expect(ran.err).toContain("pooling=avg,seed=1: done")
    expect(ran.code).toBe(0)
    const alone = join(home, "alone")
    // The data are prepared with the file's own seed, once; everything else is that of the same command.
    const set = ["test.embed.model.pooling=max", "seed=2"].flatMap((one) => ["--set", one])
    expect((await runChild([CELL, ...set, "--only", "test", "--out", alone])).code).toBe(0)
    expect(recordOf(cell("pooling=max,seed=2")).results).toEqual(recordOf(alone).results)
    const names = ["avg", "max"].flatMap((pooling) => [1, 2].map((seed) => `pooling=${pooling},seed=${seed}`))
    for (const name of names) {
      const { pipelines, results } = recordOf(cell(name))
      expect([pipelines.prepare.status, pipelines.test.status]).toEqual(["finished", "finished"])
      expect(results.mAP.hard).toBeGreaterThan(0)
    }
    expect(recordOf(join(out, "once")).pipelines.prepare.status).toBe("finished")
    const found = comparisonOf(out)
    expect(found.runs).toEqual(["pooling=avg", "pooling=max"])
    expect(found.paired).toBe(true)
    expect(found.figures[0].values?.flat()).toEqual(
      names.map((name) => expect.closeTo(recordOf(cell(name)).results.mAP.hard, 12))
    )
    expect(existsSync(join(out, "result", "sweep.html"))).toBe(true)
    expect(
      readFileSync(join(out, "result", "sweep.csv"), "utf8")
        .trim()
        .split("\n")
    ).toHaveLength(5)
  })

  it("skips what is done, and runs what is missing", async () => {
    const store = statSync(join(home, "data", "patches.lmdb", "data.mdb")).mtimeMs
    const before = readFileSync(join(out, "result", "sweep.json"), "utf8")
    rmSync(cell("pooling=max,seed=1"), { recursive: true })
    const ran = await runChild([path(), "--out", out])
    expect(ran.code).toBe(0)
    expect(ran.err).toContain("pooling=avg,seed=1: test: done before, skipped")
    expect(ran.err).not.toContain("pooling=max,seed=1: test: done before")
    expect(readFileSync(join(out, "result", "sweep.json"), "utf8")).toBe(before)
    expect(statSync(join(home, "data", "patches.lmdb", "data.mdb")).mtimeMs).toBe(store)
  })

  it("runs its pipelines of `once` only once with --fresh, too", async () => {
    const ran = await runChild([path(), "--out", out, "--fresh"])
    expect([ran.code, ran.err]).toEqual([0, expect.stringContaining("pooling=max,seed=2: done")])
    const { seconds, stages } = recordOf(join(out, "once")).pipelines.prepare
    for (const pooling of ["avg", "max"]) {
      const { pipelines } = recordOf(cell(`pooling=${pooling},seed=2`))
      expect([pipelines.prepare.seconds, pipelines.prepare.stages]).toEqual([seconds, stages])
      expect(ran.err).not.toContain(`pooling=${pooling},seed=2: test: done before`)
    }
  })

  it("shows the grid and the plan of a cell, and refuses the folder of a single run", async () => {
    const checked = await runChild([path(), "--check"])
    expect(checked.out).toContain("valid, 4 cells of")
    expect(checked.out).toContain("pooling=avg (all others are compared with it): 2 runs")
    expect(checked.out).toContain("pipelines:")
    const refused = await runChild([path(), "--out", cell("pooling=avg,seed=1")])
    expect(refused.code).toBe(2)
    expect(refused.err).toContain("is the folder of a single run")
  })
})
