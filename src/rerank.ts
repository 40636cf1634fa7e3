/**
 * Re-ranking of vectors that are in memory: query expansion, database-side augmentation, k-reciprocal encoding. Plain typed
 * arrays in and out; runs in Node and in browsers.
 *
 * @packageDocumentation
 */
export type { Ranked } from "./ops/retrieve/in-memory/rank.ts"
export {
  augmentDatabase,
  type ExpansionOptions,
  expandQueries,
  kReciprocal,
  type ReciprocalOptions
} from "./ops/retrieve/in-memory/rerank.ts"
