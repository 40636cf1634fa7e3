/** The product of queries and items on a tensor engine. Used in worker threads, so it does not import Effect. */
import { batchMatMul } from "../../tensor/elementwise.ts"
import type { Engine } from "../../tensor/operations.ts"
import type { Tensor } from "../../tensor/tfjs.ts"

/** Some queries on the engine, ready to be multiplied with one tile of items after another. */
export interface Held {
  /**
   * Inner products of items with the queries.
   *
   * @param items float32 [n, d], row-major; do not change an array that is passed again
   * @returns float32 [n, q], row-major
   */
  readonly times: (items: Float32Array, n: number) => Float32Array
  readonly release: () => void
}

/**
 * Prepares queries for products.
 *
 * @param queries float32 [q, d], row-major; not changed before `release`
 */
export type Product = (queries: Float32Array, q: number, d: number) => Held

const transposed = (rows: Float32Array, q: number, d: number): Float32Array => {
  const out = new Float32Array(rows.length)
  for (let row = 0; row < q; row++) for (let k = 0; k < d; k++) out[k * q + row] = rows[row * d + k]
  return out
}

/** How queries and items are laid out on an engine, and how they are multiplied to float32 [n, q]. */
interface Form {
  readonly queries: (engine: Engine, queries: Float32Array, q: number, d: number) => Tensor
  readonly items: (engine: Engine, items: Float32Array, n: number, d: number) => Tensor
  readonly multiply: (engine: Engine, items: Tensor, queries: Tensor) => Tensor
}

const POINT = { stride: 1, padding: 0, dilation: 1 } as const

/**
 * The product as a 1 x 1 convolution. Items are the pixels of an image, in their own layout; only the few queries are
 * transposed, to be the filter. On WebAssembly, other forms of the matrix product take up to five times as long.
 */
const asPoints: Form = {
  queries: (engine, queries, q, d) => engine.tensor(transposed(queries, q, d), [1, 1, d, q]),
  items: (engine, items, n, d) => engine.tensor(items, [1, n, 1, d]),
  multiply: (engine, items, queries) => engine.conv2d(items, queries, POINT)
}

/** The product of rows with rows, the fastest form on TensorFlow. */
const asRows: Form = {
  queries: (engine, queries, q, d) => engine.tensor(queries, [q, d]),
  items: (engine, items, n, d) => engine.tensor(items, [n, d]),
  multiply: (_, items, queries) => batchMatMul(items, queries, { transposeB: true })
}

/**
 * The product on a tensor engine, in the engine's fastest form. Queries stay on the engine until they are released. Items
 * stay until other items arrive, so each tile of items is uploaded once for all tiles of queries.
 */
export const engineProduct = (engine: Engine): Product => {
  const form = engine.name === "tensorflow" ? asRows : asPoints
  const kept = (make: () => Tensor) => engine.scope(() => engine.keep(make()))
  let left: { readonly items: Float32Array; readonly tensor: Tensor } | undefined
  let holders = 0
  const forget = () => {
    if (left !== undefined) engine.dispose([left.tensor])
    left = undefined
  }
  return (queries, q, d) => {
    const right = kept(() => form.queries(engine, queries, q, d))
    holders++
    return {
      times: (items, n) => {
        if (left?.items !== items) {
          forget()
          left = { items, tensor: kept(() => form.items(engine, items, n, d)) }
        }
        const { tensor } = left
        return engine.scope(() => engine.read(form.multiply(engine, tensor, right)))
      },
      release: () => {
        engine.dispose([right])
        if (--holders === 0) forget()
      }
    }
  }
}
