/** configs/compression.yaml: figures before and after compressing the same embeddings. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { cases } from "../ops/retrieve/cases.ts"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"
import { runHere } from "./in-process.ts"
import { writeTable } from "./table.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const config = (name: string) => resolve(import.meta.dirname, "../../configs", `${name}.yaml`)
const [{ one }] = cases
const [images, dim] = one.vectors.shape

describe("configs/compression.yaml", () => {
  it("shows float32, int8, components, binary codes and product quantisation side by side", async () => {
    const [npy, csv] = [join(home, "e.npy"), join(home, "e.csv")]
    writeNpy(npy, Float32Array.from(one.vectors.data), images, dim)
    writeTable(csv, one.labels.data, one.labels.shape[1])
    const set = [`embeddings=${npy}`, `labels=${csv}`]
    const plain = await runHere(config("evaluate"), set, { out: join(home, "plain") })
    const { error, results, said } = await runHere(
      config("compression"),
      [...set, `dim=${Math.min(8, dim)}`, "parts=4"],
      {
        out: join(home, "compression")
      }
    )
    expect(error).toBe("")
    const figures = results as Readonly<Record<string, { readonly mAP: Readonly<Record<string, number>> }>>
    expect(Object.keys(figures)).toEqual(["float32", "int8", "pca", "signs", "binary", "itq", "pq"])
    expect(figures.float32.mAP).toEqual((plain.results as typeof figures.float32).mAP)
    // A byte per value changes few places; a bit per value changes more.
    expect(Math.abs(figures.int8.mAP.easy - figures.float32.mAP.easy)).toBeLessThan(0.02)
    expect(figures.binary.mAP.easy).not.toBe(figures.float32.mAP.easy)
    for (const form of ["signs", "binary", "itq", "pq"]) expect(figures[form].mAP.easy).toBeGreaterThan(0)
    expect(new Set([figures.signs, figures.binary, figures.itq, figures.pq].map(({ mAP }) => mAP.easy)).size).toBe(4)
    expect(said).toMatch(/float32 +int8 +pca +signs +binary +itq +pq/)
  })
})
