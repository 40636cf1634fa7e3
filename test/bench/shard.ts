/**
 * One shard of a large archive in every kind of index, and from it bytes and seconds of the whole: `npm run bench -- --shard
 * [ROWS [DIM [WHOLE]]]`.
 */
import { entryOf } from "../../src/experiments/command/versions.ts"
import { buildIndex, type IndexChoice, recallOf, type VectorIndex } from "../../src/ops/retrieve/vector-index.ts"
import { random } from "../../src/pipeline/random.ts"
import { median, processorTime } from "./harness.ts"

const [ROWS, DIM, WHOLE, QUERIES, CENTRES] = [50_000, 512, 100_000_000, 32, 1000]

/** Vectors around centres, as embeddings of classes are. */
const clustered = (rows: number, dim: number, item: number): Float32Array => {
  const { int, normal } = random(1, 0, item, "vectors")
  const centres = Float32Array.from({ length: CENTRES * dim }, random(1, 0, 0, "centres").normal)
  const all = new Float32Array(rows * dim)
  for (let at = 0; at < all.length; at += dim) {
    const centre = int(CENTRES) * dim
    for (let i = 0; i < dim; i++) all[at + i] = centres[centre + i] + 0.7 * normal()
  }
  return all
}

const kinds: ReadonlyArray<IndexChoice> = [
  "exact",
  { name: "int8", codes_only: true },
  { name: "pq", codes_only: true },
  { name: "binary", codes_only: true },
  "binary"
]

const seconds = async (index: VectorIndex, queries: Float32Array, count: number): Promise<number> => {
  const times: Array<number> = []
  for (let round = 0; round < 4; round++) {
    const begun = processorTime()
    await index.search(queries, 10)
    times.push((processorTime() - begun) / 1000 / count)
  }
  return median(times.slice(1))
}

/** Lines of a table in Markdown. */
export const shard = async (words: ReadonlyArray<string>): Promise<string> => {
  const [rows = ROWS, dim = DIM, whole = WHOLE] = words.map(Number)
  const [vectors, queries] = [clustered(rows, dim, 1), clustered(QUERIES, dim, 2)]
  const exact = await (await buildIndex(vectors, { dim })).search(queries, 10)
  const lines = [
    `${rows} vectors of ${dim} values, one thread, ${QUERIES} queries at once, in seconds of the processor; the last columns are for ${whole} vectors.`,
    "",
    "| index | build, s | ms per query | recall of ten | memory, GB | thread-seconds per query |",
    "|:--|--:|--:|--:|--:|--:|"
  ]
  for (const index of [...kinds, ...(entryOf("usearch") !== undefined ? ["hnsw" as const] : [])]) {
    const begun = processorTime()
    const made = await buildIndex(vectors, { dim, index })
    const build = (processorTime() - begun) / 1000
    const time = await seconds(made, queries, QUERIES)
    const recall = recallOf(await made.search(queries, 10), exact).reduce((sum, one) => sum + one, 0) / QUERIES
    const codesOnly = typeof index === "object" && "codes_only" in index
    const bytes = made.bytes() / rows + (codesOnly ? 0 : 4 * dim)
    const name = `${made.kind}${codesOnly ? ", codes only" : ""}`
    // A graph visits few more nodes in a larger archive; all others compare every code.
    const all = made.kind === "hnsw" ? time : (time * whole) / rows
    lines.push(
      `| ${name} | ${build.toFixed(1)} | ${(1000 * time).toFixed(2)} | ${recall.toFixed(3)} | ${((bytes * whole) / 1e9).toFixed(1)} | ${all.toPrecision(2)} |`
    )
    await made.close()
  }
  return lines.join("\n")
}
