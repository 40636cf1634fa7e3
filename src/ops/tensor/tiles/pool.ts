/** The gradient of max-pooling, a loop over images that threads share. Threads run it, so it does not import Effect. */
import type { Loop } from "../../workers/loops.ts"
import { maxPoolGradients, type Pooled, type PoolShape } from "../pool-gradient.ts"
import { fitsVectors, type GiveWindow, windowModule } from "../pool-window.ts"
import { type Instances, instances, type Shared } from "./instances.ts"

/** Addresses of the values of `Pooled`, and the number of images. */
export interface PoolGradient extends Shared {
  readonly addresses: Readonly<Record<keyof Pooled, number>>
  readonly shape: PoolShape
  readonly images: number
}

/** The gradients of one thread. */
export const poolGradients = (functions: Instances = instances()): Loop<PoolGradient> => ({
  name: "gradients of max-pooling",
  rows: (data) => {
    const { addresses, images, memory, shape } = data
    const { C, H, OH, OW, W } = shape
    const array = (address: number, length: number) => new Float32Array(memory.buffer, address, length)
    const [whole, maxima] = [images * H * W * C, images * OH * OW * C]
    const pooled = {
      ...{ x: array(addresses.x, whole), dx: array(addresses.dx, whole) },
      ...{ y: array(addresses.y, maxima), dy: array(addresses.dy, maxima) }
    }
    const give = fitsVectors(C) ? functions<GiveWindow>(data, "give", C, () => windowModule(C, memory)) : undefined
    return (from, to) => maxPoolGradients(pooled, shape, give, from, to)
  }
})
