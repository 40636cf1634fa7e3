/**
 * The losses as plain functions of a batch: typed arrays in, value and analytic gradient out, float64 inside. They need no
 * tensor engine and run in Node and in browsers.
 *
 * @packageDocumentation
 * @example
 * const batch = { values: Float32Array.of(1, 0, 0, 1), labels: Uint8Array.of(1, 1), rows: 2 }
 * orderedMultiLabelLoss(batch, { temperature: 0.01 }).floor // => 0
 */
export {
  type AverageOptions,
  contrastiveAverage as contrastiveAverageLoss
} from "./ops/train/losses/contrastive-avg.ts"
export {
  type Choose,
  defineLoss,
  type Loss,
  type LossDefinition,
  type LossInput,
  type LossValue
} from "./ops/train/losses/loss.ts"
export { multiLabelCrossEntropy as multiLabelCrossEntropyLoss } from "./ops/train/losses/ml-xent.ts"
export { type OrderedMultiLabelOptions, orderedMultiLabel as orderedMultiLabelLoss } from "./ops/train/losses/oml.ts"
export {
  type SmoothApOptions,
  smoothAveragePrecision as smoothAveragePrecisionLoss
} from "./ops/train/losses/smoothap.ts"
export { tripletAverage as tripletAverageLoss } from "./ops/train/losses/triplet-avg.ts"
export { type DrawnOptions, tripletDrawn as tripletHardLoss } from "./ops/train/losses/triplet-hard.ts"
export { crossEntropy as crossEntropyLoss } from "./ops/train/losses/xent.ts"
export type { Accepts, Definition, Documented, Own, OwnParam, OwnParams } from "./pipeline/definition.ts"
