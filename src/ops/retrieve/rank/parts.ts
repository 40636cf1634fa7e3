/**
 * Products in parts: the sum of the products of some of the dimensions. Used in worker threads, so it does not import Effect.
 */

/** Least number of dimensions of a part of a product. */
const LEAST_PART = 256
/** Largest number of parts; more make the product slower. */
const MOST_PARTS = 4

/** Largest number of query tiles that are multiplied with a tile of items by one operation, if vectors are divided into parts. */
export const TILES_AT_ONCE = 4

/**
 * Number of parts of equal length into which vectors are divided. A product is the sum of the products of its parts: engines sum
 * one term after the other, so the roundings of a short sum are much smaller, and fewer images are near ties.
 *
 * @example
 * partsOf(2048) // => 4
 * partsOf(300) // => 1
 */
export const partsOf = (d: number): number => {
  let parts = 1
  while (parts < MOST_PARTS && d % (2 * parts) === 0 && d / (2 * parts) >= LEAST_PART) parts *= 2
  return parts
}

/** Rows [n, d] divided into parts [parts, n, d / parts]. */
export const divided = (rows: Float32Array, n: number, d: number, parts: number, out: Float32Array): Float32Array => {
  if (parts === 1) return rows
  const size = n * d
  const width = d / parts
  for (let part = 0, to = 0; part < parts; part++) {
    for (let row = 0, from = part * width; row < n; row++, from += d, to += width) {
      out.set(rows.subarray(from, from + width), to)
    }
  }
  return out.subarray(0, size)
}

/** One value for each of some parts of equal length. */
export const each = <A>(values: Float32Array, parts: number, make: (part: Float32Array) => A): ReadonlyArray<A> => {
  const size = values.length / parts
  return Array.from({ length: parts }, (_, part) => make(values.subarray(part * size, (part + 1) * size)))
}
