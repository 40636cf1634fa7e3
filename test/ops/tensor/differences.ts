/** Gradients from values alone: what any definition of an operation can be checked against. */
import { type Grid, grid } from "./naive.ts"

/** Far above the rounding of float64, far below what bends a function between two values. */
const STEP = 1e-5

/** dL/dx of L = sum(dy f(x)) for each input, by central differences in float64. */
export const differences = (
  f: (...inputs: ReadonlyArray<Grid>) => Grid,
  inputs: ReadonlyArray<Grid>,
  dy: Grid
): ReadonlyArray<Grid> => {
  const weighted = (changed: ReadonlyArray<Grid>) =>
    f(...changed).data.reduce((sum, value, i) => sum + value * dy.data[i], 0)
  return inputs.map((input, which) => {
    const moved = (i: number, by: number) => {
      const data = input.data.slice()
      data[i] += by
      return weighted(inputs.map((one, k) => (k === which ? { ...input, data } : one)))
    }
    return grid(input.shape, (i) => (moved(i, STEP) - moved(i, -STEP)) / (2 * STEP))
  })
}
