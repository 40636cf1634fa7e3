import { Context } from "effect"
import type { Product } from "./engine-product.ts"

export { engineProduct, type Held, type Product } from "./engine-product.ts"

/** The inner product of two rows, summed in the order of the dimensions. */
const dot = (a: Float32Array, from: number, b: Float32Array, start: number, d: number): number => {
  let sum = 0
  for (let k = 0; k < d; k++) sum += a[from + k] * b[start + k]
  return sum
}

/** a [n, d] times the transpose of b [q, d]: float32 [n, q]. */
const plainTimes = (a: Float32Array, b: Float32Array, n: number, q: number, d: number): Float32Array => {
  const out = new Float32Array(n * q)
  const evenRows = n - (n % 2)
  const evenColumns = q - (q % 2)
  // Two rows times two columns: each value that is read serves two sums, and the four sums are independent.
  for (let row = 0; row < evenRows; row += 2) {
    const u = row * d
    const v = u + d
    for (let column = 0; column < evenColumns; column += 2) {
      const x = column * d
      const y = x + d
      let ux = 0
      let uy = 0
      let vx = 0
      let vy = 0
      for (let k = 0; k < d; k++) {
        const atU = a[u + k]
        const atV = a[v + k]
        const atX = b[x + k]
        const atY = b[y + k]
        ux += atU * atX
        uy += atU * atY
        vx += atV * atX
        vy += atV * atY
      }
      out[row * q + column] = ux
      out[row * q + column + 1] = uy
      out[(row + 1) * q + column] = vx
      out[(row + 1) * q + column + 1] = vy
    }
  }
  for (let row = 0; row < n; row++) {
    for (let column = row < evenRows ? evenColumns : 0; column < q; column++) {
      out[row * q + column] = dot(a, row * d, b, column * d, d)
    }
  }
  return out
}

/**
 * The product in plain JavaScript. Each value is summed in double precision in the order of the dimensions and rounded
 * once to float32, so it depends only on its two vectors.
 */
export const plainProduct: Product = (queries, q, d) => ({
  times: (items, n) => plainTimes(items, queries, n, q, d),
  release: () => {}
})

/** A product to use instead of the run's tensor engine; by default none. */
export const RankProduct = Context.Reference<Product | undefined>("orbitrank/ops/retrieve/RankProduct", {
  defaultValue: () => undefined
})
