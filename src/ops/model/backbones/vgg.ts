/** Convolutional part of VGG (Simonyan and Zisserman 2015) without batch norm, including the last pool. */
import { convolution } from "../layers/convolution.ts"
import { type Layer, maxPool, relu, sequence } from "../layers/layer.ts"
import type { Backbone } from "./backbone.ts"

const WIDTHS = [64, 128, 256, 512, 512]

/** @param convolutions number of convolutions before each of the five pools */
const vgg = <Name extends string>(name: Name, convolutions: ReadonlyArray<number>): Backbone<Name> => ({
  name,
  outputStrides: [32],
  build: ({ channels }) => {
    const layers: Array<Layer> = []
    let from = channels
    convolutions.forEach((count, block) => {
      const width = WIDTHS[block]
      for (let i = 0; i < count; i++) {
        // The number in a name counts convolutions, activations and pools.
        layers.push(convolution(`encoder.encoder.${layers.length}`, from, width, 3, { padding: 1, bias: true }), relu)
        from = width
      }
      layers.push(maxPool({ size: 2, stride: 2, padding: 0 }))
    })
    return { stages: [sequence(...layers)], width: from }
  }
})

export const vggs = [vgg("vgg16", [2, 2, 3, 3, 3]), vgg("vgg19", [2, 2, 4, 4, 4])] as const
