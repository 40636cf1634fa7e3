/**
 * Indexes of vectors: forms that are smaller, or faster to search, than the vectors. They run in Node and in browsers, but
 * for `hnsw`, `pgvector` and `threads`, which need Node.
 *
 * @packageDocumentation
 * @example
 * const vectors = Float32Array.of(1, 0, 0, 1, 0.9, 0.1) // three of two values
 * const index = await buildIndex(vectors, { dim: 2, index: "int8" })
 * const [{ rows }] = await index.search(Float32Array.of(1, 0), 2)
 * Array.from(rows) // => [0, 2]
 */
export type { Candidates } from "./ops/retrieve/index/coding.ts"
export {
  allowing,
  buildIndex,
  fitIndex,
  type IndexChoice,
  type IndexOptions,
  joinFound,
  loadIndex,
  recallOf,
  type VectorIndex
} from "./ops/retrieve/vector-index.ts"
