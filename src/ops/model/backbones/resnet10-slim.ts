import type { Backbone } from "./backbone.ts"
import { basicBlock, residualNetwork } from "./residual.ts"

/** The ResNet layout with one basic block a stage and half the usual width: 1.2 million weights, for small machines. */
export const resnet10Slim: Backbone = ({ channels, outputStride }) =>
  residualNetwork(basicBlock, channels, [32, 64, 128, 256], [1, 1, 1, 1], outputStride)
