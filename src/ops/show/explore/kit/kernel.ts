/**
 * Inner products of integers by WebAssembly SIMD, 16 at a time. The module is assembled here, because a page opened from disk
 * could not load it from a file.
 */
import {
  type Code,
  get,
  i32,
  increase,
  laneSum,
  moduleOf,
  set,
  until,
  v128,
  whileBelow
} from "../../../formats/wasm.ts"
import { functionsOf, PAGE, wasm } from "../../../wasm.ts"

/** Parameters and locals of the function. */
const [CODES, ROWS, STRIDE, QUERY, OUT, END, AT, SUM] = [0, 1, 2, 3, 4, 5, 6, 7]

/** Products of 8 codes with 8 values of the query, added in pairs. */
const half = (extend: Code, offset: number) => [
  ...[...get(CODES), ...v128.load(0), ...extend],
  ...[...get(AT), ...v128.load(offset), ...v128.dot]
]

/** Adds the products of 16 codes. */
const sixteen: Code = [
  ...[...get(SUM), ...half(v128.lowTo16, 0), ...half(v128.highTo16, 16), ...v128.add32, ...v128.add32, ...set(SUM)],
  ...[...increase(CODES, 16), ...increase(AT, 32)]
]

const BODY: Code = until(
  [...get(ROWS), ...i32.isZero],
  [
    ...[...get(CODES), ...get(STRIDE), ...i32.add, ...set(END)],
    ...[...get(QUERY), ...set(AT), ...v128.zero, ...set(SUM)],
    ...whileBelow(CODES, END, sixteen),
    ...[...get(OUT), ...laneSum(SUM), ...i32.store(0)],
    ...[...increase(OUT, 4), ...increase(ROWS, -1)]
  ]
)

const MODULE = moduleOf({ name: "dots", parameters: 5, returns: false, locals: 2, body: BODY, pages: 1 })

/** Whether this engine has SIMD. */
export const hasSimd = (): boolean => wasm?.validate(MODULE) === true

export interface Kernel {
  /**
   * Inner products of all rows with a query.
   *
   * @param query int16 [dim], whose products with codes fit 31 bits
   * @returns int32 [rows], valid until the next call
   */
  readonly dots: (query: Int16Array) => Int32Array
  /** Codes of a row, int8 [dim]. */
  readonly row: (row: number) => Int8Array
}

/**
 * Copies rows of codes into the memory of WebAssembly.
 *
 * @param codes int8 [rows, dim]
 */
export const kernelOf = (codes: Int8Array, rows: number, dim: number): Kernel => {
  if (wasm === undefined) throw new Error("this engine has no WebAssembly")
  const stride = 16 * Math.ceil(dim / 16)
  const queryAt = rows * stride
  const outAt = queryAt + 2 * stride
  const memory = new wasm.Memory({ initial: Math.ceil((outAt + 4 * rows) / PAGE) })
  const held = new Int8Array(memory.buffer)
  for (let row = 0; row < rows; row++) held.set(codes.subarray(row * dim, (row + 1) * dim), row * stride)
  const { dots } = functionsOf(MODULE, memory) as {
    readonly dots: (codes: number, rows: number, stride: number, query: number, out: number) => void
  }
  const query = new Int16Array(memory.buffer, queryAt, stride)
  const out = new Int32Array(memory.buffer, outAt, rows)
  return {
    dots: (values) => {
      query.fill(0)
      query.set(values)
      dots(0, rows, stride, queryAt, outAt)
      return out
    },
    row: (row) => held.slice(row * stride, row * stride + dim)
  }
}
