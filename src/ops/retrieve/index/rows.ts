/** A growing list of vectors, which are not copied. */
import { joined } from "../../joined.ts"
import type { Given } from "../rank/exact.ts"
import { givenOf } from "../rank/vectors.ts"

/** Vectors of several matrices, numbered in the order in which they were added. */
export interface Rows {
  readonly count: () => number
  /** @param vectors float32 [n, dim]; kept, not copied */
  readonly add: (vectors: Float32Array) => void
  /** All rows, for `exactInto`. */
  readonly given: () => Given
  /** All rows in one matrix, copied: float32 [rows, dim]. */
  readonly all: () => Float32Array
}

interface Matrix {
  readonly dim: number
  readonly size: number
  readonly vectors: Float32Array
}

export const rowsStore = (dim: number): Rows => {
  // It begins with an empty matrix, because `givenOf` and `joined` need at least one.
  const batches: Array<Matrix> = [{ dim, size: 0, vectors: new Float32Array(0) }]
  let count = 0
  let known: Given | undefined
  const given = (): Given => {
    if (known?.at.length !== count) {
      const squared = known?.squared
      known = givenOf(
        batches,
        Int32Array.from({ length: count }, (_, row) => row)
      )
      if (squared !== undefined) known.squared.set(squared)
    }
    return known
  }
  return {
    count: () => count,
    add: (vectors) => {
      const size = vectors.length / dim
      batches.push({ dim, size, vectors })
      count += size
    },
    given,
    all: () => joined(batches.map(({ vectors }) => vectors))
  }
}
