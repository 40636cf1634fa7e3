import { Context } from "effect"
import type { Engine } from "../tensor/engine.ts"
import type { Tensor } from "../tensor/tfjs.ts"

/** Some queries, ready to be multiplied with one tile of items after another. */
export interface Held {
  /**
   * Inner products of items with the queries.
   *
   * @param items float32 [n, d], row-major; an array that is given again holds the same values
   * @returns float32 [n, q], row-major
   */
  readonly times: (items: Float32Array, n: number) => Float32Array
  readonly release: () => void
}

/**
 * Makes queries ready.
 *
 * @param queries float32 [q, d], row-major; not changed before `release`
 */
export type Product = (queries: Float32Array, q: number, d: number) => Held

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
  // Two by two: each value that is read serves two sums, and four additions do not wait for each other.
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
 * The product in plain JavaScript. Each value is summed in double precision in the order of the dimensions and rounded to
 * float32 once, so it depends on its two vectors alone.
 */
export const plainProduct: Product = (queries, q, d) => ({
  times: (items, n) => plainTimes(items, queries, n, q, d),
  release: () => {}
})

const transposed = (rows: Float32Array, q: number, d: number): Float32Array => {
  const out = new Float32Array(rows.length)
  for (let row = 0; row < q; row++) for (let k = 0; k < d; k++) out[k * q + row] = rows[row * d + k]
  return out
}

const POINT = { stride: 1, padding: 0, dilation: 1 } as const

/**
 * The product on a tensor engine, as a convolution of one point: items are the pixels of an image as they lie in memory,
 * and only the few queries are transposed, as its filter. No engine has a faster form, and on WebAssembly matrix products
 * of other forms take up to five times as long.
 * Queries stay on the engine until they are released; items until others come, so that one tile of items is moved there
 * once for all tiles of queries.
 */
export const engineProduct = (engine: Engine): Product => {
  const kept = (values: Float32Array, shape: ReadonlyArray<number>) =>
    engine.scope(() => engine.keep(engine.tensor(values, shape)))
  let left: { readonly items: Float32Array; readonly tensor: Tensor } | undefined
  let holders = 0
  const forget = () => {
    if (left !== undefined) engine.dispose([left.tensor])
    left = undefined
  }
  return (queries, q, d) => {
    const right = kept(transposed(queries, q, d), [1, 1, d, q])
    holders++
    return {
      times: (items, n) => {
        if (left?.items !== items) {
          forget()
          left = { items, tensor: kept(items, [1, n, 1, d]) }
        }
        const { tensor } = left
        return engine.scope(() => engine.read(engine.conv2d(tensor, right, POINT)))
      },
      release: () => {
        engine.dispose([right])
        if (--holders === 0) forget()
      }
    }
  }
}

/** A product in place of the run's tensor engine, where one is given. */
export const RankProduct = Context.Reference<Product | undefined>("orbitrank/ops/retrieve/RankProduct", {
  defaultValue: () => undefined
})
