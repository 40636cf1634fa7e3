import { Context } from "effect"

/**
 * Inner products of every query with every database vector.
 *
 * @param queries float32 [q, d], row-major
 * @param database float32 [n, d], row-major
 * @returns float32 [q, n], row-major
 */
export type Product = (queries: Float32Array, database: Float32Array, q: number, n: number, d: number) => Float32Array

/** The inner product of two rows, summed in the order of the dimensions. */
const dot = (a: Float32Array, from: number, b: Float32Array, start: number, d: number): number => {
  let sum = 0
  for (let k = 0; k < d; k++) sum += a[from + k] * b[start + k]
  return sum
}

/**
 * The product in plain JavaScript. Each value is summed in double precision in the order of the dimensions and rounded to
 * float32 once, so it depends on its two vectors alone, not on how the product is divided.
 */
export const plainProduct: Product = (queries, database, q, n, d) => {
  const out = new Float32Array(q * n)
  const evenRows = q - (q % 2)
  const evenItems = n - (n % 2)
  // Two by two: each value that is read serves two sums, and four additions do not wait for each other.
  for (let item = 0; item < evenItems; item += 2) {
    const u = item * d
    const v = u + d
    for (let row = 0; row < evenRows; row += 2) {
      const x = row * d
      const y = x + d
      let xu = 0
      let xv = 0
      let yu = 0
      let yv = 0
      for (let k = 0; k < d; k++) {
        const atX = queries[x + k]
        const atY = queries[y + k]
        const atU = database[u + k]
        const atV = database[v + k]
        xu += atX * atU
        xv += atX * atV
        yu += atY * atU
        yv += atY * atV
      }
      out[row * n + item] = xu
      out[row * n + item + 1] = xv
      out[(row + 1) * n + item] = yu
      out[(row + 1) * n + item + 1] = yv
    }
  }
  for (let row = 0; row < q; row++) {
    for (let item = row < evenRows ? evenItems : 0; item < n; item++) {
      out[row * n + item] = dot(queries, row * d, database, item * d, d)
    }
  }
  return out
}

/** The product that `rank` uses; plain JavaScript unless another is given. */
export const RankProduct = Context.Reference<Product>("orbitrank/ops/retrieve/RankProduct", {
  defaultValue: () => plainProduct
})
