/** configs/rerank.yaml by the command line, on recorded embeddings: the figures must be the recorded ones. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { cases, seed } from "../ops/retrieve/cases.ts"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"
import { reference } from "../reference.ts"
import { runChild } from "./child.ts"
import { writeTable } from "./table.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

type Figures = Readonly<Record<string, number & Readonly<Record<string, number>>>>
const { runs } = reference<{
  readonly runs: ReadonlyArray<
    Figures & { readonly name: string; readonly method: string; readonly k: number; readonly alpha?: number }
  >
}>("rerank.json")
/** The last run of a method; not in numpy's unstable order of equal values. */
const recorded = (method: string) => {
  const run = runs.findLast((one) => one.method === method && !one.name.includes("numpy"))
  return run ?? expect.fail(`rerank.json: has no run of ${method}`)
}
const near = (found: number, expected: number, label: string) =>
  expect(Math.abs(found - expected), label).toBeLessThanOrEqual(1e-6 * Math.abs(expected))

describe("configs/rerank.yaml", () => {
  it("gives the recorded figures of qe, aqe and ja beside the plain ones, and says that ja sees labels", async () => {
    const [{ one }] = cases
    const [npy, csv] = [join(home, "E.npy"), join(home, "L.csv")]
    writeNpy(npy, Float64Array.from(one.vectors.data), one.vectors.shape[0], one.vectors.shape[1])
    writeTable(csv, one.labels.data, one.labels.shape[1])
    const aqe = recorded("aqe")
    const set = [`embeddings=${npy}`, `labels=${csv}`, `seed=${seed}`, `k=${aqe.k}`, `alpha=${aqe.alpha}`]
    const { code, err } = await runChild([
      "configs/rerank.yaml",
      ...["--out", join(home, "out")],
      ...set.flatMap((one) => ["--set", one])
    ])
    expect([code, err]).toEqual([0, expect.stringMatching(/plain +qe +aqe/)])
    const { results } = JSON.parse(readFileSync(join(home, "out", "record.json"), "utf8")) as {
      results: Readonly<Record<string, Figures>>
    }
    const pairs = [
      [results.plain, one.expect as unknown as Figures],
      [results.qe, recorded("qe")],
      [results.aqe, aqe],
      [results.ja, recorded("ja")]
    ] as const
    for (const [found, expected] of pairs) {
      for (const level of ["easy", "medium", "hard"]) near(found.mAP[level], expected[level].map, level)
      for (const [key, value] of Object.entries(expected)) {
        if (/^(ACG|nDCG|wAP)@/.test(key)) near(found[key], Number(value), key)
      }
    }
    expect(Object.keys(results)).toEqual(["plain", "qe", "aqe", "dba-aqe", "k-reciprocal", "ja"])
    const html = readFileSync(join(home, "out", "report.html"), "utf8")
    expect(html).toContain("ja: Re-ranked by the labels of the database")
    expect(html).toContain("<span>k-reciprocal</span>")
  })
})
