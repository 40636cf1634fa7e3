/** A batch for benchmarks. */
import type { Batch } from "../../src/ops/elements.ts"
import { random } from "../../src/pipeline/random.ts"

export const CLASSES = 19

/** Images and labels of noise: neither convolutions nor losses take longer or shorter by what they see. */
export const noise = (size: number, pixels: number, channels: number): Batch => {
  const draws = random(1, 0, 0, "bench")
  const images = Float32Array.from({ length: size * pixels * pixels * channels }, () => draws.normal())
  const labels = Uint8Array.from({ length: size * CLASSES }, () => (draws.between(0, 1) < 0.2 ? 1 : 0))
  const names = Array.from({ length: size }, (_, i) => `image${i}`)
  const shape = { size, height: pixels, width: pixels, epoch: 0, indices: Int32Array.from(names.keys()) }
  const bands = Array.from({ length: channels }, (_, i) => `b${i}`)
  const classes = Array.from({ length: CLASSES }, (_, i) => `c${i}`)
  return { kind: "batch", names, images, labels, bands, classes, ...shape }
}
