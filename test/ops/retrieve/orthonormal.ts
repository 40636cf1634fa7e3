/** Rows that are at right angles to each other and of length 1. */
import { expect } from "vitest"

/** Expects the first `count` rows of `dim` values to be orthonormal. @param rows [rows, dim] */
export const expectOrthonormal = (rows: ArrayLike<number>, count: number, dim: number): void => {
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < count; b++) {
      let product = 0
      for (let i = 0; i < dim; i++) product += rows[a * dim + i] * rows[b * dim + i]
      expect(product).toBeCloseTo(a === b ? 1 : 0, 10)
    }
  }
}
