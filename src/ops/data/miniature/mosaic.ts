/** A mosaic of classes: which class lies under each pixel. */
import type { Random } from "../../../pipeline/random.ts"
import { KNOBS } from "./knobs.ts"

/** Which class each cell of a grid has. Every 2 x 2 cells hold each class once; the rest is drawn by weight. */
const fillCells = (draw: Random, cells: number, classes: number): Uint8Array => {
  const [least, greatest] = KNOBS.proportion
  const weights = Array.from({ length: classes }, () => draw.between(least, greatest))
  const total = weights.reduce((a, b) => a + b, 0)
  const weighted = () => {
    let left = draw.next() * total
    for (let c = 0; c < classes - 1; c++) {
      left -= weights[c]
      if (left < 0) return c
    }
    return classes - 1
  }
  const grid = new Uint8Array(cells * cells)
  for (let y = 0; y < cells; y += 2) {
    for (let x = 0; x < cells; x += 2) {
      draw.permutation(4).forEach((corner, k) => {
        const row = y + (corner >> 1)
        const column = x + (corner & 1)
        const index = k < classes ? k : weighted()
        if (row < cells && column < cells) grid[row * cells + column] = index
      })
    }
  }
  return grid
}

/**
 * Divides a square into cells around jittered grid points (Voronoi cells, but for rare far neighbours).
 *
 * @param classes how many classes share the square, at most 4
 * @returns uint8 [size, size], 0 to classes - 1
 */
export const drawMosaic = (draw: Random, size: number, classes: number): Uint8Array => {
  const [least, greatest] = KNOBS.cell
  const edge = draw.between(least, greatest)
  // One cell beyond each border, so that every pixel has neighbours on all sides.
  const cells = Math.ceil(size / edge) + 3
  const shift = draw.next()
  const centres = Float64Array.from({ length: 2 * cells * cells }, (_, i) => {
    const cell = i >> 1
    const at = i & 1 ? cell % cells : Math.floor(cell / cells)
    return (at - 1 - shift + draw.next()) * edge
  })
  const grid = fillCells(draw, cells, classes)
  const mosaic = new Uint8Array(size * size)
  for (let y = 0; y < size; y++) {
    const cy = Math.floor(y / edge + shift) + 1
    for (let x = 0; x < size; x++) {
      const cx = Math.floor(x / edge + shift) + 1
      let least = Infinity
      for (let row = cy - 1; row <= cy + 1; row++) {
        for (let column = cx - 1; column <= cx + 1; column++) {
          const cell = row * cells + column
          const dy = centres[2 * cell] - y
          const dx = centres[2 * cell + 1] - x
          const distance = dy * dy + dx * dx
          if (distance < least) {
            least = distance
            mosaic[y * size + x] = grid[cell]
          }
        }
      }
    }
  }
  return mosaic
}
