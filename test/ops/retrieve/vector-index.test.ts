/** Every kind of index: build, add, remove, filter, search, save and load. */
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { decodeSafetensors } from "../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../src/ops/formats/safetensors/write.ts"
import { rank } from "../../../src/ops/retrieve/in-memory/rank.ts"
import { indexes } from "../../../src/ops/retrieve/indexes.ts"
import type { Similarity } from "../../../src/ops/retrieve/similarity.ts"
import {
  allowing,
  buildIndex,
  fitIndex,
  type IndexChoice,
  joinFound,
  loadIndex,
  recallOf,
  type VectorIndex
} from "../../../src/ops/retrieve/vector-index.ts"
import { random } from "../../../src/pipeline/random.ts"
import { hasPackage } from "../../has-package.ts"
import { runs } from "../../runs.ts"

/** Indexes that were made here, which are closed at the end. */
const made: Array<VectorIndex> = []
const kept = async (index: Promise<VectorIndex>): Promise<VectorIndex> => {
  const one = await index
  made.push(one)
  return one
}
afterAll(() => Promise.all(made.map((one) => one.close())))

/** Vectors around a few centres, as embeddings of classes are. */
const clustered = (count: number, dim: number, seed = 1): Float32Array => {
  const { int, normal } = random(seed, 0, 0, "vectors")
  const centres = Float32Array.from({ length: 8 * dim }, random(0, 0, 0, "centres").normal)
  return Float32Array.from({ length: count }, () => int(8)).reduce(
    (all, centre, row) => {
      for (let i = 0; i < dim; i++) all[row * dim + i] = centres[centre * dim + i] + 0.7 * normal()
      return all
    },
    new Float32Array(count * dim)
  )
}

const [DIM, ROWS] = [48, 400]
const vectors = clustered(ROWS, DIM)
const queries = clustered(100, DIM, 2)
const exactly = (given: Float32Array, k: number, by: Similarity = "cosine") => {
  const { order, top } = rank(queries, given, { dim: DIM, by, top: k })
  return Array.from({ length: 100 }, (_, q) => ({
    rows: order.slice(q * top, (q + 1) * top),
    scores: new Float64Array(top)
  }))
}
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
const rowsOf = (found: ReadonlyArray<{ readonly rows: Int32Array }>) => found.map(({ rows }) => [...rows])

/** A kind of index, the packages that it needs, and the least recall of ten that it must have here. */
interface Kind {
  readonly index: IndexChoice
  readonly name: string
  readonly recall: number
  readonly needs?: ReadonlyArray<string>
}
const kinds: ReadonlyArray<Kind> = [
  { index: "exact", name: "exact", recall: 1 },
  { index: "int8", name: "int8", recall: 0.999 },
  { index: { name: "int8", codes_only: true }, name: "int8, codes only", recall: 0.95 },
  { index: "binary", name: "binary", recall: 0.95 },
  { index: { name: "binary", codes_only: true }, name: "binary, codes only", recall: 0.3 },
  { index: { name: "binary", rotation: "itq" }, name: "binary, itq", recall: 0.7 },
  { index: { name: "pq", parts: 12 }, name: "pq", recall: 0.95 },
  { index: { name: "pq", parts: 12, codes_only: true }, name: "pq, codes only", recall: 0.5 },
  { index: "hnsw", name: "hnsw", recall: 0.95, needs: ["usearch"] },
  {
    // It draws its graph anew each time. A search that examines all vectors finds the same in each graph.
    index: { name: "pgvector", expansion_search: 400 },
    ...{ name: "pgvector", recall: 0.95, needs: ["@electric-sql/pglite", "@electric-sql/pglite-pgvector"] }
  }
]

it("every index of the list is tested", () => {
  const nameOf = (index: IndexChoice) => (typeof index === "string" ? index : index.name)
  expect(new Set(kinds.map(({ index }) => nameOf(index)))).toEqual(new Set(indexes.map(({ name }) => name)))
})

for (const { index, name, needs = [], recall } of kinds) {
  describe.skipIf(!needs.every(hasPackage))(`index ${name}`, () => {
    const built = (given = vectors, by: Similarity = "cosine") =>
      kept(buildIndex(given, { dim: DIM, index, by, seed: 3 }))
    const loadedFrom = async (one: VectorIndex) => kept(loadIndex(await one.save()))

    it.each(["cosine", "dot", "l2"] as const)("finds most of what an exact search by %s finds", async (by) => {
      const found = await (await built(vectors, by)).search(queries, 10)
      const share = mean(recallOf(found, exactly(vectors, 10, by)))
      // The angle says less about inner products.
      expect(share).toBeGreaterThanOrEqual(by === "dot" ? recall / 2 : by === "l2" ? recall - 0.25 : recall)
      for (const { rows, scores } of found) {
        expect(rows.length).toBe(10)
        expect([...scores]).toEqual([...scores].sort((a, b) => b - a))
      }
    })

    it("has added vectors behind the first ones, finds them, and forgets removed ones", async () => {
      const one = await built(vectors.slice(0, 200 * DIM))
      one.add(vectors.slice(200 * DIM))
      expect(one.rows()).toBe(ROWS)
      const near = await one.search(vectors, 3)
      const own = near.filter(({ rows }, row) => rows.includes(row)).length
      expect(own).toBeGreaterThanOrEqual(0.97 * ROWS)
      one.remove([5, 300])
      const after = await one.search(vectors, 3)
      expect(after.some(({ rows }) => rows.includes(5) || rows.includes(300))).toBe(false)
      expect(() => one.remove([300])).toThrow("the index has no vector 300")
      expect(() => one.remove([ROWS])).toThrow(RangeError)
    })

    it("finds allowed rows only, however few", async () => {
      const one = await built()
      one.remove([8])
      for (const step of [2, 40, 200]) {
        const found = await one.search(
          queries,
          10,
          allowing(ROWS, (row) => row % step === 0)
        )
        for (const { rows } of found) {
          expect([...rows].filter((row) => row % step !== 0 || row === 8)).toEqual([])
          expect(rows.length).toBe(Math.min(10, Math.ceil(ROWS / step)))
        }
      }
      await expect(one.search(queries, 1, new Uint8Array(3))).rejects.toThrow(
        "has 3 values, but the index has 400 rows"
      )
    })

    it("finds the same after it was saved and loaded", async () => {
      const one = await built()
      one.add(clustered(30, DIM, 9))
      one.remove([1, 2, 410])
      const again = await loadedFrom(one)
      const facts = ({ by, bytes, dim, kind, rows }: VectorIndex) => ({ by, bytes: bytes(), dim, kind, rows: rows() })
      expect(facts(again)).toEqual(facts(one))
      expect(await again.search(queries, 12)).toEqual(await one.search(queries, 12))
      again.add(clustered(3, DIM, 10))
      expect(again.rows()).toBe(433)
    })

    it("can be saved and loaded again and again after many rows were removed, and finds none for k = 0", async () => {
      for (let again = 0; again < 4; again++) {
        const one = await built(vectors.slice(0, 150 * DIM))
        one.remove(Array.from({ length: 149 }, (_, row) => row))
        const loaded = await loadedFrom(one)
        expect(rowsOf(await loaded.search(queries.slice(0, DIM), 3))).toEqual([[149]])
        expect(rowsOf(await loaded.search(queries.slice(0, DIM), 0))).toEqual([[]])
        if (name === "binary, itq") break
      }
    })

    it("gives the same result for queries together as one by one, and again", async () => {
      const one = await built()
      const together = await one.search(queries, 5)
      const single = await Promise.all(
        Array.from({ length: 100 }, (_, q) => one.search(queries.slice(q * DIM, (q + 1) * DIM), 5))
      )
      expect(together).toEqual(single.map(([found]) => found))
      expect(await (await built()).search(queries, 5)).toEqual(together)
    })

    it("accepts no vectors, and more results than there are", async () => {
      // Centres are fitted on the first vectors.
      if (/^(pq|binary)/.test(name)) {
        return await expect(built(new Float32Array(0))).rejects.toThrow("there are no vectors to fit its centre")
      }
      const one = await built(new Float32Array(0))
      expect(rowsOf(await one.search(queries.slice(0, DIM), 3))).toEqual([[]])
      one.add(vectors.slice(0, 2 * DIM))
      expect(rowsOf(await one.search(vectors.slice(0, DIM), 9))[0].toSorted()).toEqual([0, 1])
      expect(rowsOf(await one.search(new Float32Array(0), 9))).toEqual([])
    })
  })
}

describe("an index", () => {
  it("with re-ranking of all rows is the exact ranking", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.nat(1000), async (count, seed) => {
        const given = clustered(count, 9, seed)
        const asked = clustered(4, 9, seed + 1)
        const expected = rank(asked, given, { dim: 9, top: 5 })
        for (const index of [
          { name: "binary", rerank: 60 },
          { name: "int8", rerank: 60 }
        ] as const) {
          const found = await (await buildIndex(given, { dim: 9, index })).search(asked, 5)
          expect(found.flatMap(({ rows }) => [...rows])).toEqual([...expected.order])
          expect(found.flatMap(({ scores }) => [...scores])).toEqual([...expected.scores])
        }
      }),
      runs(30)
    )
  })

  it("of signs needs no vectors if nothing is fitted on them", async () => {
    const index = { name: "binary", centre: false } as const
    const one = await buildIndex(new Float32Array(0), { dim: DIM, index })
    expect(rowsOf(await one.search(queries.slice(0, DIM), 3))).toEqual([[]])
    one.add(vectors.slice(0, 2 * DIM))
    expect(rowsOf(await one.search(vectors.slice(0, DIM), 9))[0].toSorted()).toEqual([0, 1])
    await expect(buildIndex(new Float32Array(0), { dim: DIM, index: { ...index, rotation: "itq" } })).rejects.toThrow(
      "index binary: there are no vectors to fit its rotation on. Build the index with vectors."
    )
  })

  it("of codes alone holds 1/32 and 1/4 of the vectors", async () => {
    const bytes = async (name: "binary" | "int8") =>
      (await buildIndex(clustered(10, 2048), { dim: 2048, index: { name, codes_only: true } })).bytes()
    expect(await bytes("binary")).toBe((10 * 2048) / 8)
    expect(await bytes("int8")).toBe(10 * (2048 + 16))
  })

  it("of all vectors finds what shards find together, however many there are", async () => {
    for (const index of ["exact", "int8", { name: "binary", codes_only: true, centre: false }] as const) {
      const whole = await (await buildIndex(vectors, { dim: DIM, index })).search(queries, 20)
      for (const bounds of [
        [0, 150, ROWS],
        [0, 3, 90, 210, ROWS]
      ]) {
        const parts = await Promise.all(
          bounds.slice(1).map(async (to, shard) => {
            const part = await buildIndex(vectors.slice(bounds[shard] * DIM, to * DIM), { dim: DIM, index })
            return part.search(queries, 20)
          })
        )
        expect(joinFound(parts, bounds, 20)).toEqual(whole)
      }
    }
    expect(joinFound([], [], 3)).toEqual([])
  })

  it("of shards that re-rank finds images that are at least as similar as one index finds", async () => {
    const options = { dim: DIM, index: { name: "binary", rerank: 10 } } as const
    const whole = await (await buildIndex(vectors, options)).search(queries, 10)
    const bounds = [0, 150, ROWS]
    const parts = await Promise.all(
      bounds.slice(1).map(async (to, shard) => {
        const part = await fitIndex(vectors, options)
        part.add(vectors.slice(bounds[shard] * DIM, to * DIM))
        return part.search(queries, 10)
      })
    )
    const gains = joinFound(parts, bounds, 10).flatMap(({ scores }, q) => [
      ...scores.map((one, i) => one - whole[q].scores[i])
    ])
    expect(Math.min(...gains)).toBe(0)
    expect(Math.max(...gains)).toBeGreaterThan(0)
  })

  it("finds the same on two threads", async () => {
    const options = { dim: DIM, index: "binary" } as const
    const two = await buildIndex(vectors, { ...options, threads: 2 })
    expect(await two.search(queries, 10)).toEqual(await (await buildIndex(vectors, options)).search(queries, 10))
    await two.close()
  })

  it("refuses vectors that cannot be compared, and files of another form", async () => {
    const bad = Float32Array.from(vectors.slice(0, 2 * DIM))
    bad[DIM] = Number.NaN
    await expect(buildIndex(bad, { dim: DIM })).rejects.toThrow("vector 1 is not finite")
    await expect(buildIndex(new Float32Array(DIM), { dim: DIM })).rejects.toThrow("vector 0 is zero")
    await expect(buildIndex(vectors, { dim: 7 })).rejects.toThrow("do not form rows of 7")
    const one = await buildIndex(vectors, { dim: DIM })
    await expect(one.search(new Float32Array(DIM), 1)).rejects.toThrow("query 0 is zero")
    await expect(buildIndex(vectors, { dim: DIM, index: "tree" as never })).rejects.toThrow(
      'no index of the kind "tree"'
    )
    for (const k of [-1, 2.5, Number.NaN]) {
      await expect(one.search(vectors.slice(0, DIM), k)).rejects.toThrow(`\`k\` is ${k}, but`)
    }
    const saved = (manifest: string) => encodeSafetensors([], { manifest })
    for (const bytes of [Uint8Array.of(1, 2, 3), saved("{"), saved('{"format":"orbitrank index 0"}')]) {
      await expect(loadIndex(bytes)).rejects.toThrow(/^index: these bytes are not an index of this version/)
    }
  })

  it("names the array that a damaged file lacks, for each kind of index", async () => {
    for (const index of [
      "exact",
      "int8",
      { name: "pq", parts: 2 },
      { name: "binary", rotation: "itq" },
      { name: "int8", codes_only: true },
      ...(hasPackage("usearch") ? ["hnsw" as const] : [])
    ] as const) {
      const one = await buildIndex(vectors, { dim: DIM, index })
      const { metadata, tensors } = decodeSafetensors(await one.save(), "saved")
      expect(tensors.length).toBeGreaterThan(1)
      for (const { name } of tensors) {
        const rest = tensors.filter((tensor) => tensor.name !== name)
        await expect(loadIndex(encodeSafetensors(rest, metadata), { file: "some.index" })).rejects.toThrow(
          `some.index: this index has no array \`${name}\`. Give a file that an index wrote, or build the index again.`
        )
      }
    }
    const { metadata, tensors } = decodeSafetensors(await (await buildIndex(vectors, { dim: DIM })).save(), "saved")
    const short = tensors.map((one) =>
      one.name === "vectors" ? { ...one, shape: [1, DIM], data: one.data.slice(0, DIM) } : one
    )
    await expect(loadIndex(encodeSafetensors(short, metadata))).rejects.toThrow(
      /^index: the array `vectors` of this index has \d+ values, not \d+\./
    )
  })

  it.skipIf(hasPackage("usearch"))("of kind hnsw names the command that installs its package", async () => {
    await expect(buildIndex(vectors, { dim: DIM, index: "hnsw" })).rejects.toThrow("Run `npm install usearch@2.25.3`")
  })
})
