/** Iterative quantisation: a rotation, and one that loses less than the one it began with. */
import { describe, expect, it } from "vitest"
import { itqRotation, rotated } from "../../../../src/ops/retrieve/quantise/itq.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { expectOrthonormal } from "../orthonormal.ts"

const [ROWS, DIM] = [300, 6]
const { normal } = random(3, 0, 0, "points")
/** Vectors with a variance that falls from axis to axis. */
const vectors = Float64Array.from({ length: ROWS * DIM }, (_, at) => normal() / (1 + (at % DIM)))

/** Mean squared difference of rotated vectors and their signs. */
const lossOf = (rotation: Float64Array): number => {
  const turned = rotated(Float32Array.from(vectors), rotation, DIM)
  return turned.reduce((sum, value) => sum + (value - (value >= 0 ? 1 : -1)) ** 2, 0) / turned.length
}

describe("iterative quantisation", () => {
  it("gives rotations that keep lengths and angles", () => {
    expectOrthonormal(itqRotation(vectors, DIM, 10, 1), DIM, DIM)
  })

  it("loses less with every iteration, and less than signs without a rotation", () => {
    const losses = [0, 1, 5, 20, 50].map((iterations) => lossOf(itqRotation(vectors, DIM, iterations, 1)))
    losses.slice(1).forEach((loss, i) => {
      expect(loss).toBeLessThanOrEqual(losses[i] + 1e-9)
    })
    const none = Float64Array.from({ length: DIM * DIM }, (_, at) => (at % (DIM + 1) === 0 ? 1 : 0))
    expect(losses[4]).toBeLessThan(lossOf(none))
  })
})
