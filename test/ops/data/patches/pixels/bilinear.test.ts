import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bilinear, resampledRows } from "../../../../../src/ops/data/patches/pixels/bilinear.ts"
import { type ReferenceArray, reference } from "../../../../reference.ts"

const file = reference<{
  readonly input_shape: [number, number, number]
  readonly output_shape: [number, number, number]
  readonly phase: number
  readonly input_first_row_band0: ReadonlyArray<number>
  readonly input_sum: ReadonlyArray<number>
  readonly points_b_row_col: ReferenceArray
  readonly values: ReadonlyArray<number>
  readonly output_sum: ReadonlyArray<number>
}>("resize.json")

const [bands, height, width] = file.input_shape
const [, toHeight, toWidth] = file.output_shape
const input = (band: number) =>
  Float32Array.from({ length: height * width }, (_, i) => {
    const row = Math.floor(i / width)
    const col = i % width
    return 3000 + 2000 * Math.sin(0.31 * row + 0.17 * col + band + file.phase) + 10 * ((7 * row + 13 * col) % 17)
  })
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0)
const TOLERANCE = 1e-6 * 5000

describe("bilinear", () => {
  it("is tried on the reference's input", () => {
    file.input_first_row_band0.forEach((value, i) => {
      expect(Math.abs(input(0)[i] - value)).toBeLessThan(TOLERANCE)
    })
    file.input_sum.forEach((expected, band) => {
      expect(Math.abs(sum(input(band)) / expected - 1)).toBeLessThan(1e-6)
    })
  })

  it("gives the original's values", () => {
    const outputs = Array.from({ length: bands }, (_, band) => bilinear(input(band), height, width, toHeight, toWidth))
    file.values.forEach((value, i) => {
      const [band, row, col] = file.points_b_row_col.data.slice(3 * i, 3 * i + 3)
      expect(Math.abs(outputs[band][row * toWidth + col] - value)).toBeLessThanOrEqual(TOLERANCE)
    })
    outputs.forEach((output, band) => {
      expect(Math.abs(sum(output) / file.output_sum[band] - 1)).toBeLessThan(1e-6)
    })
  })

  it("agrees with bilinear interpolation pixel by pixel, for any size", () => {
    const size = fc.integer({ min: 1, max: 9 })
    const mirror = (i: number, n: number): number =>
      n === 1 ? 0 : i < 0 ? mirror(-i, n) : i >= n ? mirror(2 * (n - 1) - i, n) : i
    fc.assert(
      fc.property(
        size,
        size,
        size,
        size,
        fc.infiniteStream(fc.integer({ min: 0, max: 9000 })),
        (h, w, H, W, values) => {
          const band = Float64Array.from({ length: h * w }, () => values.next().value as number)
          const output = bilinear(band, h, w, H, W)
          for (let r = 0; r < H; r++) {
            for (let c = 0; c < W; c++) {
              const y = ((r + 0.5) * h) / H - 0.5
              const x = ((c + 0.5) * w) / W - 0.5
              let expected = 0
              for (const dy of [0, 1]) {
                for (const dx of [0, 1]) {
                  const at = mirror(Math.floor(y) + dy, h) * w + mirror(Math.floor(x) + dx, w)
                  const wy = dy ? y - Math.floor(y) : 1 - (y - Math.floor(y))
                  const wx = dx ? x - Math.floor(x) : 1 - (x - Math.floor(x))
                  expected += band[at] * wy * wx
                }
              }
              expect(Math.abs(output[r * W + c] - expected)).toBeLessThan(TOLERANCE)
            }
          }
        }
      )
    )
  })

  it("leaves values alone where the size stays, and other channels always", () => {
    const image = new Float32Array(2 * 3 * 2).fill(-1)
    const write = resampledRows(Uint16Array.of(1, 2, 3, 4, 5, 6), 2, 3, 2, 3)
    for (const row of [1, 0]) write(row, image, row * 3 * 2 + 1, 2)
    expect([...image]).toEqual([-1, 1, -1, 2, -1, 3, -1, 4, -1, 5, -1, 6])
  })
})
