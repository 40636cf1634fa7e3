/**
 * The metrics as plain functions of one query: arrays in, a number out. They run in Node and in browsers.
 *
 * `relevant` and `shared` have one value per database image, `scores` the similarity of the query to each.
 *
 * @packageDocumentation
 * @example
 * averagePrecision([1, 0, 1], [0.9, 0.5, 0.7]) // => 1
 * nDCG([2, 0, 1], [0.9, 0.5, 0.7], 3).toFixed(3) // => "1.000"
 */
export {
  ACG,
  averagePrecision,
  averagePrecisionAtR,
  jaccardDistanceOf as jaccardDistance,
  mAP,
  nDCG,
  plainAveragePrecision,
  precision,
  type Relevant,
  ranksOf,
  recall,
  reciprocalRank,
  rPrecision,
  type ScoredQuery,
  wAP
} from "./ops/measure/of-scores.ts"
