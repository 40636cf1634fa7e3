/** The product of queries and items on a tensor engine. Used in worker threads, so it does not import Effect. */
import { batchMatMul, plus } from "../../tensor/elementwise.ts"
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

/** Least number of dimensions of a part of a product. */
const LEAST_PART = 256
/** Largest number of parts; more make the product slower. */
const MOST_PARTS = 8

/**
 * Number of parts of equal length into which vectors are divided. A product is the sum of the products of its parts: engines sum
 * one term after the other, so the roundings of a short sum are much smaller, and fewer images are near ties.
 *
 * @example
 * partsOf(2048) // => 8
 * partsOf(300) // => 1
 */
export const partsOf = (d: number): number => {
  let parts = 1
  while (parts < MOST_PARTS && d % (2 * parts) === 0 && d / (2 * parts) >= LEAST_PART) parts *= 2
  return parts
}

/** Rows [n, d] divided into parts [parts, n, d / parts]. */
const divided = (rows: Float32Array, n: number, d: number, parts: number, out: Float32Array): Float32Array => {
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

const transposed = (rows: Float32Array, q: number, d: number): Float32Array => {
  const out = new Float32Array(rows.length)
  for (let row = 0; row < q; row++) for (let k = 0; k < d; k++) out[k * q + row] = rows[row * d + k]
  return out
}

/** How queries and items, both divided into parts, are laid out on an engine, and how they are multiplied to float32 [n, q]. */
interface Form {
  readonly queries: (engine: Engine, queries: Float32Array, parts: number, q: number, width: number) => Tensors
  readonly items: (engine: Engine, items: Float32Array, parts: number, n: number, width: number) => Tensors
  readonly multiply: (engine: Engine, items: Tensors, queries: Tensors) => Tensor
}
type Tensors = ReadonlyArray<Tensor>

const POINT = { stride: 1, padding: 0, dilation: 1 } as const

/** One value for each of some parts of equal length. */
const each = <A>(values: Float32Array, parts: number, make: (part: Float32Array) => A): ReadonlyArray<A> => {
  const size = values.length / parts
  return Array.from({ length: parts }, (_, part) => make(values.subarray(part * size, (part + 1) * size)))
}

/**
 * The product as a 1 x 1 convolution. Items are the pixels of an image, in their own layout; only the few queries are
 * transposed, to be the filter. On WebAssembly, other forms of the matrix product take up to five times as long.
 */
const asPoints: Form = {
  queries: (engine, queries, parts, q, width) =>
    each(queries, parts, (part) => engine.tensor(transposed(part, q, width), [1, 1, width, q])),
  items: (engine, items, parts, n, width) => each(items, parts, (part) => engine.tensor(part, [1, n, 1, width])),
  multiply: (engine, items, queries) => items.map((part, i) => engine.conv2d(part, queries[i], POINT)).reduce(plus)
}

/** The product of rows with rows, the fastest form on TensorFlow. */
const asRows: Form = {
  queries: (engine, queries, parts, q, width) => [engine.tensor(queries, [parts, q, width])],
  items: (engine, items, parts, n, width) => [engine.tensor(items, [parts, n, width])],
  multiply: (_, [items], [queries]) => batchMatMul(items, queries, { transposeB: true }).sum(0)
}

/**
 * The product on a tensor engine, in the engine's fastest form. Queries stay on the engine until they are released. Items
 * stay until other items arrive, so each tile of items is uploaded once for all tiles of queries.
 */
export const engineProduct = (engine: Engine): Product => {
  const form = engine.name === "tensorflow" ? asRows : asPoints
  const kept = (make: () => Tensors) => engine.scope(() => make().map((tensor) => engine.keep(tensor)))
  let left: { readonly items: Float32Array; readonly tensors: Tensors } | undefined
  let room = new Float32Array(0)
  let holders = 0
  const forget = () => {
    if (left !== undefined) engine.dispose(left.tensors)
    left = undefined
  }
  const hold = (items: Float32Array, n: number, d: number): Tensors => {
    const parts = partsOf(d)
    // Memory is reused, because allocating it would take longer than the copy itself.
    if (parts > 1 && room.length < items.length) room = new Float32Array(items.length)
    return kept(() => form.items(engine, divided(items, n, d, parts, room), parts, n, d / parts))
  }
  return (queries, q, d) => {
    const parts = partsOf(d)
    const own = divided(queries, q, d, parts, new Float32Array(parts > 1 ? queries.length : 0))
    const right = kept(() => form.queries(engine, own, parts, q, d / parts))
    holders++
    return {
      times: (items, n) => {
        if (left?.items !== items) {
          forget()
          left = { items, tensors: hold(items, n, d) }
        }
        const { tensors } = left
        return engine.scope(() => engine.read(form.multiply(engine, tensors, right)))
      },
      release: () => {
        engine.dispose(right)
        if (--holders > 0) return
        forget()
        room = new Float32Array(0)
      }
    }
  }
}
