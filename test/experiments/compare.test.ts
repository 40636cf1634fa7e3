/** configs/compare.yaml: two evaluations of the same images in one table. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Comparison } from "../../src/ops/elements.ts"
import { cases } from "../ops/retrieve/cases.ts"
import { writeNpy } from "../ops/retrieve/npy.ts"
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
  const evaluated = [await evaluate("a", vectors), await evaluate("b", worse), await evaluate("c", vectors, 120)]
  expect(evaluated.map(({ error }) => error)).toEqual(["", "", ""])
}, 60_000)

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

  it("refuses a run of other queries, one that is not there, and one alone", async () => {
    expect((await compare("a", "c")).error).toContain("is of other queries than")
    expect((await compare("a", "none")).error).toMatch(
      /none\/queries\.csv: there is no such file\. Run the evaluation with/
    )
    expect((await compare("a")).error).toContain("one run alone is not compared with anything")
  })
}, 60_000)
