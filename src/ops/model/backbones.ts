/** The backbones by name. A new one is a file in `backbones/` and a line here. */

import type { Backbone } from "./backbones/backbone.ts"
import { efficientnets } from "./backbones/efficientnet.ts"
import { resnets } from "./backbones/resnet.ts"
import { ibnResnets } from "./backbones/resnet-ibn.ts"
import { resnet10Slim } from "./backbones/resnet10-slim.ts"
import { senets } from "./backbones/senet.ts"
import { vggs } from "./backbones/vgg.ts"

export const backbones = {
  "resnet10-slim": resnet10Slim,
  ...resnets,
  ...ibnResnets,
  ...senets,
  ...efficientnets,
  ...vggs
} satisfies Readonly<Record<string, Backbone>>

export type BackboneName = keyof typeof backbones

export const backboneNames = Object.keys(backbones) as ReadonlyArray<BackboneName>

/** Backbones that have no other output stride than 32. */
export const atStride32 = (name: BackboneName): boolean => name in vggs || name in ibnResnets
