import { builtin } from "../../../pipeline/builtin.ts"
import { count } from "../../../pipeline/definition.ts"
import { optionalPackage } from "../../../pipeline/packages.ts"
import { RetrieveError } from "../retrieve-error.ts"
import type { Similarity } from "../similarity.ts"
import { type Candidates, type Coding, defineIndex, type Saved, type Setting } from "./coding.ts"
import { exactBest } from "./exact.ts"
import { allowedRows } from "./scan.ts"

/** The part of usearch that is used. */
interface Graph {
  readonly add: (keys: BigUint64Array, vectors: Float32Array, threads: number) => void
  readonly search: (
    query: Float32Array,
    k: number,
    threads: number
  ) => { readonly keys: BigUint64Array; readonly distances: Float32Array }
  readonly save: (path: string) => void
  readonly load: (path: string) => void
}
interface Usearch {
  readonly Index: new (config: Readonly<Record<string, unknown>>) => Graph
}

const METRICS: Readonly<Record<Similarity, string>> = { cosine: "cos", dot: "ip", l2: "l2sq" }

/** If at most this share of the rows is allowed, all of them are compared: a graph would visit mostly others. */
const FEW = 0.05

interface Own {
  readonly connectivity: number
  readonly expansion_add: number
  readonly expansion_search: number
}

const emptyGraph = async (own: Own, { by, dim }: Setting): Promise<Graph> => {
  const { Index } = await optionalPackage<Usearch>("usearch", "indexes of kind `hnsw`", RetrieveError)
  return new Index({ dimensions: dim, metric: METRICS[by], quantization: "f32", multi: false, ...own })
}

/** Runs a function with the path of a temporary file, since usearch reads and writes files only. */
const withFile = async <A>(use: (path: string) => A | Promise<A>): Promise<A> => {
  const { mkdtemp, rm } = builtin<typeof import("node:fs/promises")>("fs/promises")
  const { tmpdir } = builtin<typeof import("node:os")>("os")
  const { join } = builtin<typeof import("node:path")>("path")
  const folder = await mkdtemp(join(tmpdir(), "orbitrank-hnsw-"))
  try {
    return await use(join(folder, "graph.usearch"))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const keysOf = (rows: Iterable<number>): BigUint64Array => BigUint64Array.from(rows as Iterable<never>, BigInt)

/** The k allowed rows that a graph finds first; more neighbours are asked for until there are enough. */
const searchGraph = (graph: Graph, query: Float32Array, k: number, size: number, allowed: Uint8Array | undefined) => {
  for (let asked = Math.min(k, size); ; asked = Math.min(2 * asked, size)) {
    const { keys } = graph.search(query, asked, 1)
    const rows = Array.from(keys, Number).filter((row) => row < size && (allowed === undefined || allowed[row] === 1))
    if (rows.length >= k || asked === size) return Int32Array.from(rows.slice(0, k)).sort()
  }
}

const codingOf = (graph: Graph, setting: Setting, before: number): Coding => {
  let size = before
  const { by, rows, threads } = setting
  const search = (query: Float32Array, k: number, allowed: Uint8Array | undefined): Candidates => {
    const wanted = allowed === undefined ? undefined : allowedRows(size, allowed)
    if (size === 0 || (wanted !== undefined && wanted.length <= Math.max(k, FEW * size))) {
      return exactBest(by, query, rows.given(), wanted ?? new Int32Array(0), k)
    }
    return exactBest(by, query, rows.given(), searchGraph(graph, query, k, size, allowed), k)
  }
  return {
    add: (vectors) => {
      const added = vectors.length / setting.dim
      const keys = keysOf(Array.from({ length: added }, (_, i) => size + i))
      // One thread: the graph, and with it every result, then depends on the vectors alone.
      graph.add(keys, vectors, 1)
      size += added
    },
    // Removed rows stay in the graph, and `allowed` leaves them out: usearch 2.25.3 corrupts memory when it saves or loads a
    // graph from which rows were removed.
    search: async (queries, k, allowed) => queries.map((query) => search(query, k, allowed)),
    save: () =>
      withFile(async (path): Promise<Readonly<Record<string, Saved>>> => {
        const { readFile } = builtin<typeof import("node:fs/promises")>("fs/promises")
        graph.save(path)
        const data = new Uint8Array(await readFile(path))
        return {
          graph: { dtype: "uint8", shape: [data.length], data },
          size: { dtype: "uint32", shape: [1], data: Uint32Array.of(size) }
        }
      }),
    bytes: () => 4 * size * setting.dim,
    kernel: threads === undefined ? "usearch" : "usearch, one thread"
  }
}

/** The index `hnsw`: a graph of neighbours, searched from node to node. It needs the optional package usearch. */
export const hnsw = defineIndex({
  name: "hnsw",
  title: "a graph of neighbours (package usearch)",
  source: "Malkov and Yashunin, TPAMI 2020",
  params: {
    connectivity: count("Number of neighbours of each vector.", 16),
    expansion_add: count("Candidates that are examined when a vector is added.", 128),
    expansion_search: count("Candidates that are examined in a search; more find more.", 64)
  },
  rerank: () => 1,
  build: async (own, setting) => codingOf(await emptyGraph(own, setting), setting, 0),
  load: async (own, setting, arrays) => {
    const [graph, size] = [arrays.of("graph"), arrays.of("size", 1)]
    const empty = await emptyGraph(own, setting)
    await withFile(async (path) => {
      const { writeFile } = builtin<typeof import("node:fs/promises")>("fs/promises")
      await writeFile(path, Uint8Array.from(graph.data))
      empty.load(path)
    })
    return codingOf(empty, setting, size.data[0])
  }
})
