/** configs/compare.yaml: two evaluations of the same images in one table. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Comparison } from "../../src/ops/elements.ts"
import { cases } from "../ops/retrieve/cases.ts"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"
import { runHere } from "./in-process.ts"
import { writeTable } from "./table.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const config = (name: string) => resolve(import.meta.dirname, "../../configs", `${name}.yaml`)
const [{ one }] = cases
const [images, dim] = one.vectors.shape

const evaluate = async (name: string, vectors: Float32Array, rows = images) => {
  const [npy, csv] = [join(home, `${name}.npy`), join(home, `${name}.csv`)]
  writeNpy(npy, vectors.subarray(0, rows * dim), rows, dim)
  writeTable(csv, one.labels.data.slice(0, rows * one.labels.shape[1]), one.labels.shape[1])
  const set = [`embeddings=${npy}`, `labels=${csv}`, "evaluated.measure.per_query=queries"]
  return runHere(config("evaluate"), set, { out: join(home, name), fresh: true })
}
const compare = (...runs: ReadonlyArray<string>) =>
  runHere(config("compare"), [`runs=[${runs.map((run) => join(home, run)).join(", ")}]`], {
    out: join(home, "compared"),
    fresh: true
  })

beforeAll(async () => {
  const vectors = Float32Array.from(one.vectors.data)
  // Half of the dimensions gone: worse, but not for every query.
  const worse = vectors.map((value, i) => (i % dim < dim / 2 ? value : 0))
  const evaluated = [
    await evaluate("a", vectors),
    await evaluate("b", worse),
    await evaluate("c", vectors, Math.floor(0.8 * images))
  ]
  expect(evaluated.map(({ error }) => error)).toEqual(["", "", ""])
})

describe("configs/compare.yaml", () => {
  it("holds runs against the first, on the same queries", async () => {
    const { error, said } = await compare("a", "b", "a")
    expect(error).toBe("")
    const { figures, queries, runs } = JSON.parse(
      readFileSync(join(home, "compared", "comparison.json"), "utf8")
    ) as Comparison
    expect([queries, runs.length]).toEqual([one.expect.qr_idx.length, 3])
    const record = (run: string) =>
      (
        JSON.parse(readFileSync(join(home, run, "record.json"), "utf8")) as {
          results: Record<string, Record<string, number>>
        }
      ).results
    const hard = figures.find(({ name }) => name === "mAP hard")
    expect(hard?.means[0]).toBeCloseTo(record("a").mAP.hard, 12)
    expect(hard?.means[1]).toBeCloseTo(record("b").mAP.hard, 12)
    const [other, same] = hard?.differences ?? []
    expect(other?.mean).toBeCloseTo(record("b").mAP.hard - record("a").mAP.hard, 12)
    expect(other?.low).toBeLessThan(other?.mean ?? 0)
    expect(same).toEqual({ mean: 0, low: 0, high: 0, p: 1, queries: other?.queries })
    expect(said).toMatch(/mAP hard +0\.\d{4} +0\.\d{4} +0\.\d{4} +[-+]0\.\d{4} \[/)
    expect(readFileSync(join(home, "compared", "comparison.html"), "utf8")).toContain("paired resamples")
  })

  it("takes several tables of one run, and says which were ranked with the labels of the database", async () => {
    const out = join(home, "reranked")
    const set = ["embeddings", "labels"].map((key) => `${key}=${join(home, `a.${key === "labels" ? "csv" : "npy"}`)}`)
    expect((await runHere(config("rerank"), set, { out, fresh: true })).error).toBe("")
    const { error, said } = await compare("reranked/plain.csv", "reranked/qe.csv", "reranked/ja.csv")
    expect(error).toBe("")
    const found = JSON.parse(readFileSync(join(home, "compared", "comparison.json"), "utf8")) as Comparison
    expect([found.runs, found.useDatabaseLabels]).toEqual([["plain", "qe", "ja"], ["ja"]])
    expect(found.figures.map(({ name }) => name)).not.toContain("uses database labels")
    const { results } = JSON.parse(readFileSync(join(out, "record.json"), "utf8")) as {
      results: Record<string, { mAP: Record<string, number> }>
    }
    const hard = found.figures.find(({ name }) => name === "mAP hard")
    expect(hard?.means).toEqual(["plain", "qe", "ja"].map((name) => expect.closeTo(results[name].mAP.hard, 12)))
    expect(said).toContain("ja †")
  })

  it("is of the seed: the same intervals again, others by another", async () => {
    const runs = `runs=[${join(home, "a")}, ${join(home, "b")}]`
    const interval = async (...more: ReadonlyArray<string>) => {
      const ran = await runHere(config("compare"), [runs, ...more], { out: join(home, "seeded"), fresh: true })
      expect(ran.error).toBe("")
      const { figures } = JSON.parse(readFileSync(join(home, "seeded", "comparison.json"), "utf8")) as Comparison
      return figures[0].differences[0]
    }
    const first = await interval()
    expect(await interval()).toEqual(first)
    expect((await interval("seed=25"))?.mean).toBe(first?.mean)
    expect(await interval("seed=25")).not.toEqual(first)
  })

  it("refuses a run of other queries, one that is not there, and one alone", async () => {
    expect((await compare("a", "c")).error).toContain("has other queries than")
    expect((await compare("a", "none")).error).toMatch(
      /none\/queries\.csv: there is no such file\. Run the evaluation with/
    )
    expect((await compare("a")).error).toContain("one run alone cannot be compared with anything")
  })

  it("compares groups of runs, found by patterns, by their means and by resampling runs and queries", async () => {
    const vectors = Float32Array.from(one.vectors.data)
    const noisy = (key: number) => vectors.map((value, i) => value + 0.02 * Math.sin(i * key))
    const worse = (key: number) => noisy(key).map((value, i) => (i % dim < dim / 2 ? value : 0))
    for (const key of [1, 2]) {
      expect((await evaluate(`good-${key}`, noisy(key))).error).toBe("")
      expect((await evaluate(`poor-${key}`, worse(key))).error).toBe("")
    }
    const out = join(home, "groups")
    const groups = (text: string, ...more: ReadonlyArray<string>) =>
      runHere(config("compare"), [`runs=${text}`, ...more], { out, fresh: true })
    const patterns = `{ good: ["${home}/good-*"], poor: ["${home}/poor-*"] }`
    const { error, said } = await groups(patterns, "compared.compare.figures=[mAP.hard, ACG@20]")
    expect(error).toBe("")
    const found = JSON.parse(readFileSync(join(out, "comparison.json"), "utf8")) as Comparison
    expect(found.runs).toEqual(["good", "poor"])
    expect(found.members?.map((runs) => runs.length)).toEqual([2, 2])
    expect(found.figures.map(({ name }) => name)).toEqual(["mAP hard", "ACG@20"])
    const [hard] = found.figures
    const recorded = (run: string) =>
      (JSON.parse(readFileSync(join(home, run, "record.json"), "utf8")) as { results: { mAP: { hard: number } } })
        .results.mAP.hard
    expect(hard.values).toEqual([
      [expect.closeTo(recorded("good-1"), 12), expect.closeTo(recorded("good-2"), 12)],
      [expect.closeTo(recorded("poor-1"), 12), expect.closeTo(recorded("poor-2"), 12)]
    ])
    const [difference] = hard.differences
    expect(difference?.mean).toBeCloseTo((hard.means[1] ?? 0) - (hard.means[0] ?? 0), 12)
    expect(difference?.high).toBeLessThan(0)
    expect(difference?.adjusted).toBeGreaterThanOrEqual(difference?.p ?? 1)
    expect(said).toMatch(/mAP hard +good +0\.\d{4} ± 0\.\d{4}/)
    const page = readFileSync(join(out, "comparison.html"), "utf8")
    expect(page).toContain('<td class="down">')
    expect(page).not.toContain('<td class="up">')
    expect(page.match(/<circle/g)).toHaveLength(8)
    const rows = readFileSync(join(out, "comparison.csv"), "utf8").trim().split("\n")
    expect([rows[0], rows.length]).toEqual(["group,run,mAP hard,ACG@20", 5])

    expect((await groups(`{ good: ["${home}/god-*"], poor: ["${home}/poor-*"] }`)).error).toContain("nothing matches")
    expect((await groups(patterns, "compared.compare.figures=[mAP.hrd]")).error).toContain("did you mean `mAP hard`?")
    const uneven = `{ good: ["${home}/good-*"], poor: ["${home}/poor-1"] }`
    expect((await groups(uneven, "compared.compare.paired=true")).error).toContain("poor has 1 runs, but good has 2")
    expect((await groups(uneven)).said).toContain("A group of one run cannot show")
    expect((await groups(`{ good: ["${home}/good-*"] }`)).error).toContain("one group alone")
  })
})
