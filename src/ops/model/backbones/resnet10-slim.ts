import { basicResNet, type Encoder } from "../residual.ts"

/** The ResNet layout with one basic block a stage and half the usual width: 1.2 million weights, for small machines. */
export const resnet10Slim = (channels: number): Encoder => basicResNet(channels, [32, 64, 128, 256], [1, 1, 1, 1])
