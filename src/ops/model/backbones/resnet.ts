/** ResNet (He et al. 2016); the stride of bottlenecks is in their 3x3 convolution, as in torchvision. */
import type { Backbone } from "./backbone.ts"
import { type BlockKind, basicBlock, bottleneck, type Four, residualNetwork } from "./residual.ts"

const resnet =
  (kind: BlockKind, blocks: Four): Backbone =>
  ({ channels, outputStride }) =>
    residualNetwork(kind, channels, [64, 128, 256, 512], blocks, outputStride)

export const resnets = {
  resnet18: resnet(basicBlock, [2, 2, 2, 2]),
  resnet34: resnet(basicBlock, [3, 4, 6, 3]),
  resnet50: resnet(bottleneck(), [3, 4, 6, 3]),
  resnet101: resnet(bottleneck(), [3, 4, 23, 3]),
  resnet152: resnet(bottleneck(), [3, 8, 36, 3])
} as const
