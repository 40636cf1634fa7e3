/**
 * Indexes of vectors: build, add, remove, search, save and load, the same for every kind of index in `indexes.ts`. Does not
 * use Effect; runs in Node and in browsers.
 */
import { type Choice, chosenFrom } from "../../pipeline/definition.ts"
import { messageOf } from "../../pipeline/words.ts"
import { decodeSafetensors } from "../formats/safetensors/read.ts"
import { encodeSafetensors } from "../formats/safetensors/write.ts"
import {
  type Candidates,
  type Coding,
  type IndexDefinition,
  type Saved,
  savedArrays,
  type Threads
} from "./index/coding.ts"
import { exactBest } from "./index/exact.ts"
import { type Rows, rowsStore } from "./index/rows.ts"
import { indexes } from "./indexes.ts"
import { RetrieveError } from "./retrieve-error.ts"
import type { Similarity } from "./similarity.ts"
import { squares } from "./unit-length.ts"

/** An index as a user chooses it: a name, or a mapping of the name and parameters of that index. */
export type IndexChoice = Choice<(typeof indexes)[number]>

/** How an index is made. */
export interface IndexOptions {
  /** Length of a vector. */
  readonly dim: number
  /** Kind of index; `exact` by default. */
  readonly index?: IndexChoice
  /** Similarity of two vectors: `cosine`, the default, `dot`, or `l2` for the negative Euclidean distance. */
  readonly by?: "cosine" | "dot" | "l2"
  /** Seed of the random draws when codes are fitted; 0 by default. */
  readonly seed?: number
  /** Number of threads that search Hamming codes, in Node; 1 by default. Results do not depend on it. */
  readonly threads?: number
}

/** A list of numbered vectors that can be searched. */
export interface VectorIndex {
  readonly kind: string
  readonly dim: number
  readonly by: "cosine" | "dot" | "l2"
  /** Number of vectors that were added, removed ones included: the number that the next one gets. */
  readonly rows: () => number
  /** Bytes of the codes, without the vectors. */
  readonly bytes: () => number
  /** How it computes, if there are several ways. */
  readonly kernel: string | undefined
  /**
   * Adds vectors, which get the next numbers. They are kept, not copied.
   *
   * @param vectors float32 [n, dim]
   * @throws RangeError if they are not whole rows, or if one is not finite or, for `cosine`, zero
   */
  readonly add: (vectors: Float32Array) => void
  /** Removes vectors by their numbers; other vectors keep theirs. @throws RangeError if there is no such vector */
  readonly remove: (rows: Iterable<number>) => void
  /**
   * The most similar vectors of each query, best first, ties by ascending number.
   *
   * @param queries float32 [q, dim], any number of them
   * @param k number of results; fewer are returned if fewer are allowed
   * @param allowed uint8 [rows], 1 for each vector that may be found, see `allowing`; by default all
   * @throws RangeError if a query is not finite or, for `cosine`, zero; if `k` is not a whole number; or if `allowed` has
   *   another length than the index has rows
   */
  readonly search: (queries: Float32Array, k: number, allowed?: Uint8Array) => Promise<ReadonlyArray<Candidates>>
  /** The index as one file, in the form of safetensors. */
  readonly save: () => Promise<Uint8Array>
  /** Ends its threads and connections. */
  readonly close: () => Promise<void>
}

/**
 * A filter for `search`: 1 for each row that may be found.
 *
 * @example
 * allowing(4, (row) => row % 2 === 0) // => Uint8Array.of(1, 0, 1, 0)
 */
export const allowing = (rows: number, may: (row: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: rows }, (_, row) => (may(row) ? 1 : 0))

const checkRows = (vectors: Float32Array, dim: number, by: Similarity, what: string): void => {
  if (!(Number.isInteger(dim) && dim > 0 && vectors.length % dim === 0)) {
    throw new RangeError(`${vectors.length} values do not form rows of ${dim}: check \`dim\``)
  }
  for (let at = 0; at < vectors.length; at += dim) {
    const squared = squares(vectors.subarray(at, at + dim))
    if (Number.isFinite(squared) && !(by === "cosine" && squared === 0)) continue
    throw new RangeError(`${what} ${at / dim} is ${squared === 0 ? "zero, so it has no direction" : "not finite"}`)
  }
}

interface Parts {
  readonly definition: IndexDefinition
  readonly own: Readonly<Record<string, unknown>>
  readonly options: Required<Omit<IndexOptions, "index" | "threads">>
  readonly threads: Threads | undefined
  readonly store: Rows
  readonly coding: Coding
  /** 1 for each row that was not removed. */
  readonly alive: Array<number>
}

const FORMAT = "orbitrank index 1"

const saved = async (
  { alive, coding, definition, options, own, store }: Parts,
  keeps: boolean
): Promise<Uint8Array> => {
  const rows = alive.length
  const arrays: Readonly<Record<string, Saved>> = {
    ...(await coding.save()),
    alive: { dtype: "uint8", shape: [rows], data: Uint8Array.from(alive) },
    ...(keeps ? { vectors: { dtype: "float32", shape: [rows, options.dim], data: store.all() } } : {})
  }
  const manifest = { format: FORMAT, index: { ...own, name: definition.name }, ...options, rows }
  return encodeSafetensors(
    Object.entries(arrays).map(([name, array]) => ({ name, ...array })),
    { manifest: JSON.stringify(manifest) }
  )
}

/** The index of parts that are ready. */
const indexOf = (parts: Parts): VectorIndex => {
  const { alive, coding, definition, options, own, store, threads } = parts
  const { by, dim } = options
  const candidates = definition.rerank(own as never)
  let removed = alive.reduce((count, one) => count + 1 - one, 0)
  const mask = (allowed: Uint8Array | undefined): Uint8Array | undefined => {
    if (allowed !== undefined && allowed.length !== alive.length) {
      throw new RangeError(`\`allowed\` has ${allowed.length} values, but the index has ${alive.length} rows`)
    }
    if (removed === 0) return allowed
    return Uint8Array.from(alive, (one, row) => (one === 1 && (allowed?.[row] ?? 1) === 1 ? 1 : 0))
  }
  const search: VectorIndex["search"] = async (queries, k, allowed) => {
    checkRows(queries, dim, by, "query")
    if (!Number.isSafeInteger(k) || k < 0) throw new RangeError(`\`k\` is ${k}, but it must be a whole number`)
    const asked = Array.from({ length: queries.length / dim }, (_, q) => queries.subarray(q * dim, (q + 1) * dim))
    const found = await coding.search(asked, Math.max(k, candidates ?? 0), mask(allowed))
    if (candidates === undefined) return found
    return found.map(({ rows }, q) => exactBest(by, asked[q], store.given(), rows.toSorted(), k))
  }
  return {
    ...{ kind: definition.name, dim, by, kernel: coding.kernel, bytes: coding.bytes },
    rows: () => alive.length,
    add: (vectors) => {
      checkRows(vectors, dim, by, "vector")
      if (candidates !== undefined) store.add(vectors)
      coding.add(vectors)
      for (let row = 0; row < vectors.length / dim; row++) alive.push(1)
    },
    remove: (rows) => {
      const list = Int32Array.from(new Set(rows))
      const odd = list.find((row) => alive[row] !== 1)
      if (odd !== undefined) throw new RangeError(`the index has no vector ${odd}`)
      for (const row of list) alive[row] = 0
      removed += list.length
    },
    search,
    save: () => saved(parts, candidates !== undefined),
    close: async () => {
      await coding.close?.()
      await threads?.close()
    }
  }
}

const threadsOf = async (count: number): Promise<Threads | undefined> => {
  if (count <= 1) return undefined
  const { openThreads } = await import("./hamming/threads.ts")
  return { ...openThreads(count), size: count }
}

/**
 * Makes an empty index whose codes are fitted on a sample of vectors.
 *
 * @param sample float32 [n, dim]
 * @throws RangeError if the vectors are not whole rows, or if one is not finite or, for `cosine`, zero
 * @throws RetrieveError if the index needs a package that is not installed
 */
export const fitIndex = async (
  sample: Float32Array,
  { by = "cosine", dim, index = "exact", seed = 0, threads: count = 1 }: IndexOptions
): Promise<VectorIndex> => {
  checkRows(sample, dim, by, "vector")
  const chosen = chosenFrom<IndexDefinition>(indexes, index)
  if (chosen === undefined) throw new RangeError(`there is no index of the kind ${JSON.stringify(index)}`)
  const { definition } = chosen
  const { name: _, ...own } = chosen.own as { name?: string }
  const [store, threads] = [rowsStore(dim), await threadsOf(count)]
  const coding = await definition.build(own as never, { dim, by, seed, threads, rows: store }, sample)
  return indexOf({ definition, own, options: { dim, by, seed }, threads, store, coding, alive: [] })
}

/**
 * Makes an index and adds vectors to it. Codes that need fitting are fitted on all of them.
 *
 * @param vectors float32 [n, dim]; kept, not copied
 * @throws RangeError if the vectors are not whole rows, or if one is not finite or, for `cosine`, zero
 * @throws RetrieveError if the index needs a package that is not installed
 * @example
 * const index = await buildIndex(Float32Array.of(1, 0, 0, 1, 1, 1), { dim: 2, index: "int8" })
 * const [{ rows }] = await index.search(Float32Array.of(2, 0.1), 2)
 * rows // => Int32Array.of(0, 2)
 */
export const buildIndex = async (vectors: Float32Array, options: IndexOptions): Promise<VectorIndex> => {
  const index = await fitIndex(vectors, options)
  index.add(vectors)
  return index
}

interface Manifest {
  readonly format: string
  readonly index: { readonly name: string }
  readonly dim: number
  readonly by: Similarity
  readonly seed: number
}

/** Manifest and arrays of a saved index. @throws RetrieveError if the bytes are not an index */
const decoded = (bytes: Uint8Array, file: string) => {
  const refuse = (why: string, cause?: unknown) =>
    new RetrieveError({
      subject: file,
      problem: `these bytes are not an index of this version${why}`,
      remedy: "Give a file that an index wrote, or build the index again",
      cause
    })
  try {
    const { metadata, tensors } = decodeSafetensors(bytes, file)
    const manifest = JSON.parse(metadata.manifest ?? "null") as Manifest | null
    const chosen = manifest?.format === FORMAT ? chosenFrom<IndexDefinition>(indexes, manifest.index) : undefined
    if (manifest === null || chosen === undefined) throw refuse("")
    const arrays = Object.fromEntries(tensors.map(({ name, ...array }) => [name, array]))
    return { manifest, chosen, arrays: savedArrays(arrays, file) }
  } catch (cause) {
    throw cause instanceof RetrieveError ? cause : refuse(` (${messageOf(cause).replace(/\.$/, "")})`, cause)
  }
}

/**
 * Reads an index that `save` wrote.
 *
 * @param options.threads as in `IndexOptions`
 * @param options.file name of the file that the bytes come from, for messages
 * @throws RetrieveError if the bytes are not an index, if an array is missing, or if the index needs a package that is not
 *   installed
 */
export const loadIndex = async (
  bytes: Uint8Array,
  { file = "index", threads: count = 1 }: { readonly threads?: number; readonly file?: string } = {}
): Promise<VectorIndex> => {
  const { arrays, chosen, manifest } = decoded(bytes, file)
  const { by, dim, seed } = manifest
  const { name: _, ...own } = chosen.own as { name?: string }
  const alive = Array.from(arrays.of("alive").data)
  const store = rowsStore(dim)
  const keeps = chosen.definition.rerank(own as never) !== undefined
  if (keeps) store.add(Float32Array.from(arrays.of("vectors", alive.length * dim).data))
  const threads = await threadsOf(count)
  const setting = { dim, by, seed, threads, rows: store }
  const coding = await chosen.definition.load(own as never, setting, arrays, alive.length)
  return indexOf({ definition: chosen.definition, own, options: { dim, by, seed }, threads, store, coding, alive })
}

/**
 * Recall of an index: the share of the k exactly most similar vectors that it finds, for each query.
 *
 * @param queries float32 [q, dim]
 * @returns float64 [q]
 */
export const recallOf = (found: ReadonlyArray<Candidates>, exact: ReadonlyArray<Candidates>): Float64Array =>
  Float64Array.from(exact, ({ rows }, q) => {
    const known = new Set(found[q].rows)
    return rows.length === 0 ? 1 : rows.filter((row) => known.has(row)).length / rows.length
  })

/**
 * Joins what the shards of a large archive have found, each a part of the vectors in an index of its own. Make every shard by
 * `fitIndex` with the same sample, so that all shards use the same codes, and ask every shard for k results. For `exact`, and
 * for codes only, the joined results are then the results of one index of all vectors. With re-ranking they are at least as
 * similar to the query, because every shard re-ranks its own candidates.
 *
 * @param shards results of the same queries, for each shard
 * @param first number of each shard's first vector in the whole archive
 * @param k number of results
 * @example
 * const shards = [[{ rows: Int32Array.of(4), scores: Float64Array.of(0.5) }], [{ rows: Int32Array.of(1), scores: Float64Array.of(0.9) }]]
 * joinFound(shards, [0, 10], 2)[0].rows // => Int32Array.of(11, 4)
 */
export const joinFound = (
  shards: ReadonlyArray<ReadonlyArray<Candidates>>,
  first: ReadonlyArray<number>,
  k: number
): ReadonlyArray<Candidates> =>
  (shards[0] ?? []).map((_, q) => {
    const all = shards
      .flatMap((found, shard) =>
        Array.from(found[q].rows, (row, i) => ({ row: first[shard] + row, score: found[q].scores[i] }))
      )
      .sort((a, b) => b.score - a.score || a.row - b.row)
      .slice(0, k)
    return { rows: Int32Array.from(all, ({ row }) => row), scores: Float64Array.from(all, ({ score }) => score) }
  })
