/**
 * Inner products of integers by WebAssembly SIMD, 16 at a time. The module is written out below, instruction by instruction:
 * it is 150 bytes, and a page opened from disk could not load it from a file.
 */

/** Unsigned number in LEB128. */
const leb = (value: number): ReadonlyArray<number> =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]
const sized = (bytes: ReadonlyArray<number>): ReadonlyArray<number> => [...leb(bytes.length), ...bytes]
const section = (id: number, ...bytes: ReadonlyArray<number>): ReadonlyArray<number> => [id, ...sized(bytes)]
const text = (word: string): ReadonlyArray<number> => sized(Array.from(word, (one) => one.charCodeAt(0)))

const [I32, V128, EMPTY] = [0x7f, 0x7b, 0x40]
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const i32 = {
  const: (n: number) => [0x41, n],
  add: [0x6a],
  sub: [0x6b],
  eqz: [0x45],
  less: [0x49],
  store: [0x36, 2, 0]
}
const simd = (code: number) => [0xfd, ...leb(code)]
const v128 = {
  load: (offset: number) => [...simd(0), 4, offset],
  zero: [...simd(12), ...new Array<number>(16).fill(0)],
  extendLow: simd(135),
  extendHigh: simd(136),
  dot: simd(186),
  add: simd(174),
  lane: (lane: number) => [...simd(27), lane]
}
const block = [0x02, EMPTY]
const loop = [0x03, EMPTY]
const [br, brIf, end] = [[0x0c], [0x0d], [0x0b]]

/** Parameters and locals of the function. */
const [CODES, ROWS, STRIDE, QUERY, OUT, END, AT, SUM] = [0, 1, 2, 3, 4, 5, 6, 7]

const add = (local: number, more: number) => [...get(local), ...i32.const(more), ...i32.add, ...set(local)]

/** Products of 8 codes with 8 values of the query, added in pairs. */
const half = (extend: ReadonlyArray<number>, offset: number) => [
  ...[...get(CODES), ...v128.load(0), ...extend],
  ...[...get(AT), ...v128.load(offset), ...v128.dot]
]

const BODY = [
  ...block,
  ...loop,
  ...[...get(ROWS), ...i32.eqz, ...brIf, 1],
  ...[...get(CODES), ...get(STRIDE), ...i32.add, ...set(END)],
  ...[...get(QUERY), ...set(AT), ...v128.zero, ...set(SUM)],
  ...loop,
  ...[...get(SUM), ...half(v128.extendLow, 0), ...half(v128.extendHigh, 16), ...v128.add, ...v128.add, ...set(SUM)],
  ...[...add(CODES, 16), ...add(AT, 32)],
  ...[...get(CODES), ...get(END), ...i32.less, ...brIf, 0],
  ...end,
  ...get(OUT),
  ...[...get(SUM), ...v128.lane(0), ...get(SUM), ...v128.lane(1), ...i32.add],
  ...[...get(SUM), ...v128.lane(2), ...i32.add, ...get(SUM), ...v128.lane(3), ...i32.add],
  ...i32.store,
  ...[...add(OUT, 4), ...get(ROWS), ...i32.const(1), ...i32.sub, ...set(ROWS)],
  ...[...br, 0],
  ...end,
  ...end,
  ...end
]

const MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, 1, 0x60, 5, I32, I32, I32, I32, I32, 0),
  ...section(2, 1, ...text("e"), ...text("m"), 2, 0, 1),
  ...section(3, 1, 0),
  ...section(7, 1, ...text("dots"), 0, 0),
  ...section(10, 1, ...sized([2, 2, I32, 1, V128, ...BODY]))
)

/** The part of WebAssembly that is used: types of Node alone do not have its classes. */
interface Wasm {
  readonly validate: (bytes: Uint8Array) => boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}
const wasm = (globalThis as unknown as { readonly WebAssembly?: Wasm }).WebAssembly

const PAGE = 65_536

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
  const { exports } = new wasm.Instance(new wasm.Module(MODULE), { e: { m: memory } })
  const dots = exports.dots as (codes: number, rows: number, stride: number, query: number, out: number) => void
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
