/**
 * The losses as plain functions of a batch: typed arrays in, value and analytic gradient out, float64 inside; in large batches, float32
 * for products of embeddings. They need no tensor engine and run in Node and in browsers.
 *
 * @packageDocumentation
 * @example
 * const batch = { values: Float32Array.of(1, 0, 0, 1), labels: Uint8Array.of(1, 1), rows: 2 }
 * orderedMultiLabelLoss(batch, { temperature: 0.01 }).floor // => 0
 */
export { type AsymmetricOptions, asymmetric as asymmetricLoss } from "./ops/train/losses/asl.ts"
export { type CircleOptions, circle as circleLoss } from "./ops/train/losses/circle.ts"
export {
  type AverageOptions,
  contrastiveAverage as contrastiveAverageLoss
} from "./ops/train/losses/contrastive-avg.ts"
export {
  type CentralSimilarityOptions,
  centralSimilarity as centralSimilarityLoss,
  hashCentres
} from "./ops/train/losses/csq.ts"
export {
  type GradedPrecisionOptions,
  hierarchicalPrecision as hierarchicalPrecisionLoss
} from "./ops/train/losses/happier.ts"
export { type HashNetOptions, hashNet as hashNetLoss } from "./ops/train/losses/hashnet.ts"
export { type LogRatioOptions, logRatio as logRatioLoss } from "./ops/train/losses/log-ratio.ts"
export {
  type Choose,
  defineLoss,
  type Learned,
  type Loss,
  type LossDefinition,
  type LossInput,
  type LossValue
} from "./ops/train/losses/loss.ts"
export { type MarginOptions, marginLoss } from "./ops/train/losses/margin.ts"
export type { MinerName } from "./ops/train/losses/miners.ts"
export { multiLabelCrossEntropy as multiLabelCrossEntropyLoss } from "./ops/train/losses/ml-xent.ts"
export {
  type SmoothingOptions,
  smoothedCrossEntropy as smoothedCrossEntropyLoss
} from "./ops/train/losses/ml-xent-smooth.ts"
export {
  type MultiLabelSupervisedContrastiveOptions,
  multiLabelSupervisedContrastive as multiLabelSupervisedContrastiveLoss
} from "./ops/train/losses/mulsupcon.ts"
export {
  type MultiSimilarityOptions,
  multiSimilarity as multiSimilarityLoss
} from "./ops/train/losses/multi-similarity.ts"
export { type OrderedMultiLabelOptions, orderedMultiLabel as orderedMultiLabelLoss } from "./ops/train/losses/oml.ts"
export { type ProxyAnchorOptions, proxyAnchor as proxyAnchorLoss } from "./ops/train/losses/proxy-anchor.ts"
export { type RecallOptions, recallSurrogate as recallSurrogateLoss } from "./ops/train/losses/recall-at-k.ts"
export type { RelationChoice } from "./ops/train/losses/relations.ts"
export { type RoadmapOptions, roadmapLoss } from "./ops/train/losses/roadmap.ts"
export {
  type SmoothApOptions,
  smoothAveragePrecision as smoothAveragePrecisionLoss
} from "./ops/train/losses/smoothap.ts"
export { type ScalableNeighborOptions, scalableNeighbor as scalableNeighborLoss } from "./ops/train/losses/sndl.ts"
export {
  type SupervisedContrastiveOptions,
  supervisedContrastive as supervisedContrastiveLoss
} from "./ops/train/losses/supcon.ts"
export { tripletAverage as tripletAverageLoss } from "./ops/train/losses/triplet-avg.ts"
export { type DrawnOptions, tripletDrawn as tripletHardLoss } from "./ops/train/losses/triplet-hard.ts"
export { type MinedTripletOptions, tripletMined as tripletMinedLoss } from "./ops/train/losses/triplet-mined.ts"
export { crossEntropy as crossEntropyLoss } from "./ops/train/losses/xent.ts"
export type { Accepts, Choice, Definition, Documented, Own, OwnParam, OwnParams } from "./pipeline/definition.ts"
