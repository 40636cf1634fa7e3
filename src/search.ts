/**
 * Exact and compressed search in vectors that are in memory. Plain typed arrays in and out; runs in Node and in browsers.
 *
 * @packageDocumentation
 */
export { type Ranked, type RankOptions, rank } from "./ops/retrieve/in-memory/rank.ts"
export { type Match, nearestCodes, packSigns, toInt8, toSigns } from "./ops/retrieve/quantise/codes.ts"
export { topOf } from "./ops/retrieve/search/top.ts"
