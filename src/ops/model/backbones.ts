/** The backbones by name. A new one is a file in `backbones/` and a line here. */
import { resnet10Slim } from "./backbones/resnet10-slim.ts"
import type { Encoder } from "./residual.ts"

export const backbones = {
  "resnet10-slim": resnet10Slim
} satisfies Readonly<Record<string, (channels: number) => Encoder>>

export type BackboneName = keyof typeof backbones

export const backboneNames = Object.keys(backbones) as ReadonlyArray<BackboneName>
