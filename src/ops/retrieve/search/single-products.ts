/**
 * Inner products in single precision by WebAssembly SIMD, four at a time. The module is assembled here, so it needs no file.
 * It runs in browsers, too.
 */
import { type Code, f32x4, get, i32, increase, moduleOf, set, v128, whileBelow } from "../../formats/wasm.ts"
import { functionsOf, PAGE, wasm } from "../../wasm.ts"

/** Parameters and locals of the function. Several sums are independent, which keeps the processor busy. */
const [AT, END, BYTES, OUT, OFFSET] = [0, 1, 2, 3, 4]
const PRODUCTS = [5, 6, 7, 8]
const SQUARES = [9, 10, 11, 12]
const VALUES = 13

/** Floats that one turn of the loop reads. */
const TURN = 4 * PRODUCTS.length

/** Reads four values of a row, and adds their products with the query and with themselves. */
const four = (i: number): Code => [
  ...[...get(AT), ...v128.load(16 * i), ...set(VALUES)],
  ...[...get(VALUES), ...get(OFFSET), ...v128.load(16 * i), ...f32x4.multiply],
  ...[...get(PRODUCTS[i]), ...f32x4.add, ...set(PRODUCTS[i])],
  ...[...get(VALUES), ...get(VALUES), ...f32x4.multiply, ...get(SQUARES[i]), ...f32x4.add, ...set(SQUARES[i])]
]

const total = (sums: ReadonlyArray<number>): Code =>
  sums.flatMap((sum, i) => [...get(sum), ...(i > 0 ? f32x4.add : [])])

/** `products(at, end, bytes, out)`: the query is at byte 0; rows of `bytes` bytes from `at` to `end`; 8 sums per row at `out`. */
const BODY: Code = whileBelow(AT, END, [
  ...[...i32.const(0), ...set(OFFSET)],
  ...[...PRODUCTS, ...SQUARES].flatMap((sum) => [...v128.zero, ...set(sum)]),
  ...whileBelow(OFFSET, BYTES, [
    ...PRODUCTS.flatMap((_, i) => four(i)),
    ...[...increase(AT, 4 * TURN), ...increase(OFFSET, 4 * TURN)]
  ]),
  ...[...get(OUT), ...total(PRODUCTS), ...v128.store(0), ...get(OUT), ...total(SQUARES), ...v128.store(16)],
  ...increase(OUT, 32)
])

const MODULE = moduleOf({
  ...{ name: "products", parameters: 4, returns: false, locals: 1, vectors: 9, body: BODY, pages: 1 }
})

/** Bytes of rows that are multiplied at once: they stay in the cache of one processor. */
const TILE_BYTES = 2 ** 18

/** Whether this engine has WebAssembly SIMD. */
export const hasSingleProducts = (): boolean => wasm?.validate(MODULE) === true

/** Memory for a query and some rows, and the products of them. */
export interface SingleProducts {
  /** Number of rows for which there is room. */
  readonly rows: number
  /** Floats from one row to the next; the ones behind a row stay 0. */
  readonly stride: number
  /** Receives the query, float32 [stride]. */
  readonly query: Float32Array
  /** Receives the rows, float32 [rows, stride]. */
  readonly tile: Float32Array
  /**
   * Multiplies the first `count` rows.
   *
   * @returns float32 [count, 8], valid until the next call: the first four of a row sum up to its product with the query, the
   *   others to its sum of squares
   */
  readonly multiply: (count: number) => Float32Array
}

/** @param dim length of a row */
export const singleProducts = (dim: number): SingleProducts => {
  if (wasm === undefined) throw new Error("this engine has no WebAssembly")
  const stride = TURN * Math.max(1, Math.ceil(dim / TURN))
  const bytes = 4 * stride
  const rows = Math.max(1, Math.floor(TILE_BYTES / bytes))
  const out = bytes * (1 + rows)
  const memory = new wasm.Memory({ initial: Math.ceil((out + 32 * rows) / PAGE) })
  const { products } = functionsOf(MODULE, memory) as {
    readonly products: (at: number, end: number, bytes: number, out: number) => void
  }
  const sums = new Float32Array(memory.buffer, out, 8 * rows)
  return {
    rows,
    stride,
    query: new Float32Array(memory.buffer, 0, stride),
    tile: new Float32Array(memory.buffer, bytes, rows * stride),
    multiply: (count) => {
      if (count > 0) products(bytes, bytes * (1 + count), bytes, out)
      return sums.subarray(0, 8 * count)
    }
  }
}
