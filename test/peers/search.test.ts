/** Indexes beside faiss, and iterative quantisation beside numpy: the recall of both on the same vectors. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect } from "vitest"
import { buildIndex, type IndexChoice, recallOf, type VectorIndex } from "../../src/ops/retrieve/vector-index.ts"
import { random } from "../../src/pipeline/random.ts"
import { peer } from "./python.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const [DIM, ROWS, QUERIES] = [32, 4000, 200]
const draws = random(7, 0, 0, "vectors")
const centres = Float32Array.from({ length: 40 * DIM }, draws.normal)
/** Vectors around centres, along axes of different variance. */
const vectorsOf = (count: number): Float32Array => {
  const all = new Float32Array(count * DIM)
  for (let row = 0; row < count; row++) {
    const centre = draws.int(40) * DIM
    for (let i = 0; i < DIM; i++) all[row * DIM + i] = (centres[centre + i] + 0.8 * draws.normal()) / (1 + i / 8)
  }
  return all
}
const [vectors, queries] = [vectorsOf(ROWS), vectorsOf(QUERIES)]
const files = ["vectors", "queries"].map((name) => join(home, `${name}.f32`))
writeFileSync(files[0], vectors)
writeFileSync(files[1], queries)

const recall = async (index: IndexChoice, k: number): Promise<number> => {
  const found = async (one: VectorIndex, most: number) => await one.search(queries, most)
  const exact = await found(await buildIndex(vectors, { dim: DIM, by: "l2" }), 10)
  const ours = await found(await buildIndex(vectors, { dim: DIM, by: "l2", index, seed: 1 }), k)
  return recallOf(ours, exact).reduce((sum, one) => sum + one, 0) / QUERIES
}

describe("the recall of an index", () => {
  peer("pq is that of faiss's IndexPQ", ["faiss", "numpy"], async (python) => {
    const theirs = (await python("index_recall", "pq", ...files, DIM)) as number
    const ours = await recall({ name: "pq", parts: 8, iterations: 25, codes_only: true }, 10)
    expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(0.02)
    expect(theirs).toBeGreaterThan(0.3)
  })

  peer("binary is that of faiss's IndexBinaryFlat on the same signs", ["faiss", "numpy"], async (python) => {
    const theirs = (await python("index_recall", "binary", ...files, DIM)) as number
    // Equal distances at the end of the list are cut off at another place.
    expect(Math.abs((await recall({ name: "binary", codes_only: true }, 100)) - theirs)).toBeLessThanOrEqual(0.02)
  })

  peer("binary with ITQ is that of the formula in numpy, and above signs alone", ["numpy"], async (python) => {
    const theirs = (await python("index_recall", "itq", ...files, DIM)) as number
    const ours = await recall({ name: "binary", rotation: "itq", codes_only: true }, 100)
    expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(0.02)
    expect(ours).toBeGreaterThan(await recall({ name: "binary", codes_only: true }, 100))
  })
})
