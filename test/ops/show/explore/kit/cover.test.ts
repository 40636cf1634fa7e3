import { expect, it } from "vitest"
import { cover } from "../../../../../src/ops/show/explore/kit/cover.ts"

const at = (x: number, y: number) => ({ x: Float32Array.of(x), y: Float32Array.of(y) })

it("a point covers a square of pixels around its place, the highest number wins, and points outside cover nothing", () => {
  const points = { x: Float32Array.of(0.5, 0.5, 9, Number.NaN), y: Float32Array.of(0.5, 0.5, 0.5, 0.5) }
  const camera = { x: 0.5, y: 0.5, scale: 4 }
  expect([...cover(points, camera, 4, 4, 2, (point) => [3, 2, 5, 6][point])]).toEqual([
    ...[0, 0, 0, 0],
    ...[0, 3, 3, 0],
    ...[0, 3, 3, 0],
    ...[0, 0, 0, 0]
  ])
  // The camera moves and scales as that of the map: screen = middle + (point - centre) * scale.
  expect(cover(at(0.75, 0.5), camera, 4, 4, 2, () => 1).indexOf(1)).toBe(6)
  expect([...cover(at(1.2, 0.5), camera, 4, 4, 2, () => 1)].every((one) => one === 0)).toBe(true)
})
