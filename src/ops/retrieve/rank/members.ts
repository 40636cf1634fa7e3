/** Images by label set. Used in worker threads, so it does not import Effect. */

/** The images of each label set. */
export interface Members {
  /** Label set of each image, [n]. */
  readonly of: Uint32Array
  /** Images set by set, ascending within each, [n]. */
  readonly images: Int32Array
  /** Index of the first image of each set in `images`, and n at the end: [sets + 1]. */
  readonly starts: Int32Array
}

/**
 * Groups images by their label sets.
 *
 * @param of label set of each image, [n]
 * @param count number of label sets
 * @example
 * membersOf(Uint32Array.of(1, 0, 1), 2).images // => Int32Array.of(1, 0, 2)
 */
export const membersOf = (of: Uint32Array, count: number): Members => {
  const starts = new Int32Array(count + 1)
  for (const set of of) starts[set + 1]++
  for (let set = 0; set < count; set++) starts[set + 1] += starts[set]
  const next = starts.slice()
  const images = new Int32Array(of.length)
  for (let image = 0; image < of.length; image++) images[next[of[image]]++] = image
  return { of, images, starts }
}
