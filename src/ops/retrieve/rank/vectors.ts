/** Some of the rows that stand in batches, without a copy of them: what `rank` holds is what it was given. */
import type { Embeddings } from "../../elements.ts"
import { squares } from "../similarity.ts"
import { normaliseInto } from "../unit-length.ts"

export interface Vectors {
  readonly count: number
  readonly dim: number
  /**
   * Copies the rows [from, to).
   *
   * @param room where to, if it is large enough: the result is then a new view of it
   */
  readonly read: (from: number, to: number, room?: Float32Array) => Float32Array
  /** Sum of squares of a row. */
  readonly squared: (row: number) => number
}

/**
 * A batch with L2-normalised rows, for `cosine`. Made when a batch arrives, so that the one that came can go and no row is
 * normalised twice. A row without a direction becomes zeros, which `gather` refuses.
 */
export const normalisedBatch = (batch: Embeddings): Embeddings => {
  const { dim, size, vectors } = batch
  const out = new Float32Array(size * dim)
  for (let at = 0; at < out.length; at += dim) normaliseInto(vectors.subarray(at, at + dim), out, at)
  return { ...batch, vectors: out }
}

/** Number of the batch that an image stands in. */
const batchOf = (starts: Int32Array, image: number): number => {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle] <= image) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * @param batches at least one, all of one dimension
 * @param images which of the images in all batches, by number
 */
export const vectorsOf = (batches: ReadonlyArray<Embeddings>, images: Int32Array): Vectors => {
  const { dim } = batches[0]
  let before = 0
  const starts = Int32Array.from(batches, ({ size }) => {
    before += size
    return before - size
  })
  /** The rows from `row` on, up to `to`, that stand behind each other in one batch. */
  const runFrom = (row: number, to: number): Float32Array => {
    const image = images[row]
    const batch = batchOf(starts, image)
    const at = image - starts[batch]
    const most = Math.min(to - row, batches[batch].size - at)
    let rows = 1
    while (rows < most && images[row + rows] === image + rows) rows++
    return batches[batch].vectors.subarray(at * dim, (at + rows) * dim)
  }
  return {
    count: images.length,
    dim,
    read: (from, to, room) => {
      const length = (to - from) * dim
      const out = room !== undefined && room.length >= length ? room.subarray(0, length) : new Float32Array(length)
      for (let row = from; row < to; ) {
        const run = runFrom(row, to)
        out.set(run, (row - from) * dim)
        row += run.length / dim
      }
      return out
    },
    squared: (row) => squares(runFrom(row, row + 1))
  }
}
