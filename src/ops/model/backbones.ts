/** The list of backbones. A new one is a file in `backbones/` and its name in this list. */
import { efficientnets } from "./backbones/efficientnet.ts"
import { resnets } from "./backbones/resnet.ts"
import { ibnResnets } from "./backbones/resnet-ibn.ts"
import { senets } from "./backbones/senet.ts"
import { vggs } from "./backbones/vgg.ts"
import { byName, namesOf } from "./definitions.ts"

export const list = [...resnets, ...ibnResnets, ...senets, ...efficientnets, ...vggs] as const

/** Definitions of the backbones by name. */
export const backbones = byName(list)

export type BackboneName = (typeof list)[number]["name"]

export const backboneNames = namesOf(list)
