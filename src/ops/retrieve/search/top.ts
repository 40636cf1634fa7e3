/** The best of many scores, without sorting the rest. */

/** Whether item a comes after item b: by score, descending, then by position. */
const after = (scores: Float32Array | Float64Array, a: number, b: number): boolean =>
  scores[a] < scores[b] || (scores[a] === scores[b] && a > b)

/** Moves the item at `at` down until no child comes after it. The root of the heap is then the last of the best. */
const sink = (heap: Int32Array, size: number, at: number, scores: Float32Array | Float64Array): void => {
  const item = heap[at]
  let place = at
  for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
    const last = child + 1 < size && after(scores, heap[child + 1], heap[child]) ? child + 1 : child
    if (!after(scores, heap[last], item)) break
    heap[place] = heap[last]
    place = last
  }
  heap[place] = item
}

/**
 * Positions of the k highest scores, in the order of `descending`: highest first, ties by ascending position.
 *
 * @param scores without NaN, [n]
 * @returns int32 [min(k, n)]
 *
 * @example
 * topOf(Float64Array.of(0.1, 0.9, 0.5, 0.9), 3) // => Int32Array.of(1, 3, 2)
 */
export const topOf = (scores: Float32Array | Float64Array, k: number): Int32Array => {
  const size = Math.min(k, scores.length)
  const heap = Int32Array.from({ length: size }, (_, i) => i)
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(heap, size, at, scores)
  for (let i = size; i < scores.length && size > 0; i++) {
    // A later position never replaces an equal score.
    if (scores[i] <= scores[heap[0]]) continue
    heap[0] = i
    sink(heap, size, 0, scores)
  }
  return heap.sort((a, b) => (after(scores, a, b) ? 1 : -1))
}
