/** Embeddings from elsewhere, evaluated by the command line: the figures must be the recorded ones. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { cases, seed, thresholds } from "../ops/retrieve/cases.ts"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"
import { runChild } from "./child.ts"
import { writeTable } from "./table.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const [npy, csv] = [join(home, "E.npy"), join(home, "L.csv")]

const SEED = ["--set", `seed=${seed}`]
const evaluate = (out: string, ...more: ReadonlyArray<string>) =>
  runChild([
    "configs/evaluate.yaml",
    ...["--set", `embeddings=${npy}`, "--set", `labels=${csv}`, "--out", join(home, out)],
    ...more
  ])

const resultsOf = (out: string) =>
  (JSON.parse(readFileSync(join(home, out, "record.json"), "utf8")) as { results: Record<string, unknown> }).results

describe("configs/evaluate.yaml", () => {
  const said = Object.entries(thresholds)
    .map(([level, threshold]) => `${threshold} (${level})`)
    .join(", ")
  it.each(cases)("gives the recorded figures of $name, from float64", async ({ name, one }) => {
    writeNpy(npy, Float64Array.from(one.vectors.data), one.vectors.shape[0], one.vectors.shape[1])
    writeTable(csv, one.labels.data, one.labels.shape[1])
    const { code, err } = await evaluate(name, ...SEED)
    expect([code, err]).toEqual([0, expect.stringContaining(said)])
    const results = resultsOf(name) as Record<string, number & Record<string, number>>
    let compared = 0
    const near = (found: number, expected: number) => {
      compared++
      expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected))
    }
    for (const [key, recorded] of Object.entries(one.expect)) {
      if (/^(ACG|nDCG|wAP)@/.test(key)) near(results[key], recorded as number)
    }
    for (const level of ["easy", "medium", "hard"]) {
      const recorded = one.expect[level] as Readonly<Record<string, number>>
      near(results.mAP[level], recorded.map)
      near(results["precision@10"][level], recorded["precision@10"])
    }
    expect(compared).toBeGreaterThan(6)
  })

  it("draws other queries by another seed, and evaluates again when a file has changed", async () => {
    const [{ one }] = cases
    writeNpy(npy, Float32Array.from(one.vectors.data), one.vectors.shape[0], one.vectors.shape[1])
    writeTable(csv, one.labels.data, one.labels.shape[1])
    expect((await evaluate("a", ...SEED)).code).toBe(0)
    expect((await evaluate("b", "--set", `seed=${seed + 1}`)).code).toBe(0)
    expect(resultsOf("a").mAP).not.toEqual(resultsOf("b").mAP)
    expect((await evaluate("c", ...SEED, "--set", "memory=1MiB", "--set", "metrics=[original, standard]")).code).toBe(0)
    expect(resultsOf("c")).toMatchObject(resultsOf("a"))
    expect(Object.keys(resultsOf("c"))).toContain("plain mAP")
    expect((await evaluate("a", ...SEED)).err).toContain("evaluated: done before, skipped")
    writeTable(
      csv,
      one.labels.data.map((label) => 1 - label),
      one.labels.shape[1]
    )
    const again = await evaluate("a", ...SEED)
    expect([again.code, again.err]).toEqual([0, expect.stringContaining("L.csv was changed")])
  })

  it("classifies by neighbours and by a linear probe where `metrics` names them", async () => {
    const [{ one }] = cases
    writeNpy(npy, Float32Array.from(one.vectors.data), one.vectors.shape[0], one.vectors.shape[1])
    writeTable(csv, one.labels.data, one.labels.shape[1])
    expect((await evaluate("plain", ...SEED)).code).toBe(0)
    const { code, err } = await evaluate("classified", ...SEED, "--set", "metrics=[original, knn, linear-probe]")
    expect([code, err]).toEqual([0, expect.stringContaining("Linear probe: logistic regression on")])
    expect(resultsOf("classified")).toEqual(resultsOf("plain"))
    for (const file of ["knn.json", "linear-probe.json"]) {
      const read = (out: string) => readFileSync(join(home, out, file), "utf8")
      const figures = JSON.parse(read("classified"))
      for (const name of ["mAP", "top_1"]) expect(figures[name], file).toBeGreaterThan(0)
      // Not asked for in the first run, and nothing was read for it.
      expect(() => read("plain")).toThrow(/ENOENT/)
    }
  })

  it("says what is wrong with the files, and leaves no NaN behind", async () => {
    const [{ one }] = cases
    const data = Float32Array.from(one.vectors.data)
    writeTable(csv, one.labels.data, one.labels.shape[1])
    writeNpy(
      npy,
      data.map((value, i) => (i < one.vectors.shape[1] ? Number.NaN : value)),
      one.vectors.shape[0],
      one.vectors.shape[1]
    )
    const nan = await evaluate("nan")
    expect([nan.code, nan.err]).toEqual([1, expect.stringContaining("p0: the embedding is zero or not finite")])
    expect(readFileSync(join(home, "nan", "record.json"), "utf8")).not.toContain("results")
    const amount = await evaluate("nan", "--set", "memory=much")
    expect([amount.code, amount.err]).toEqual([
      2,
      expect.stringContaining("expected an amount of memory such as 512MiB")
    ])
    rmSync(npy)
    const gone = await evaluate("gone")
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining(`${npy}: there is no such file`)])
  })
})
