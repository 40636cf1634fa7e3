/**
 * The WebAssembly function that computes inner products in single precision, four rows with eight columns at a time. The module
 * is assembled here, so it needs no file. Threads run it, so this file does not import Effect.
 */
import {
  block,
  br,
  brIf,
  type Code,
  end,
  f32x4,
  get,
  i32,
  increase,
  loop,
  moduleOf,
  plus,
  set,
  v128
} from "../../formats/wasm.ts"
import { functionsOf, MOST_PAGES, type WasmMemory, wasm } from "../../wasm.ts"

/** Rows and columns of a tile: its sums and their factors just fit the 16 vector registers of x86-64. */
export const ROWS = 4
export const COLUMNS = 8

/** Computes tiles one below the other. All addresses and distances are in bytes. */
type Call = (
  /** Address of the first row of factors, and distance to the next row. */
  x: number,
  xBytes: number,
  /** Number of tiles. */
  count: number,
  /** Address of the other factors, 8 for each term. */
  w: number,
  /** Address of the first row of results, and distance to the next row. */
  y: number,
  yBytes: number,
  /** Number of terms of a sum. */
  terms: number
) => void

/** Parameters, and locals: a pointer for each row, one for the other factors, a counter, and vectors. */
const [X, X_BYTES, COUNT, W, Y, Y_BYTES, TERMS] = [0, 1, 2, 3, 4, 5, 6]
const [ROW, AT, LEFT, SUM, W0, W1, FACTOR] = [7, 11, 12, 13, 21, 22, 23]

const rows = [0, 1, 2, 3]

/** Adds one term, `ahead` terms after the pointers. */
const term = (ahead: number): Code => [
  ...[...get(AT), ...v128.load(32 * ahead), ...set(W0), ...get(AT), ...v128.load(32 * ahead + 16), ...set(W1)],
  ...rows.flatMap((row) => [
    ...[...get(ROW + row), ...v128.loadSplat(4 * ahead), ...set(FACTOR)],
    ...[W0, W1].flatMap((w, half) => [
      ...[...get(SUM + 2 * row + half), ...get(FACTOR), ...get(w), ...f32x4.multiply, ...f32x4.add],
      ...set(SUM + 2 * row + half)
    ])
  ])
]

/** Adds terms as long as at least `many` are left, `many` at a time. */
const terms = (many: number): Code => [
  ...[...block, ...loop],
  ...[...get(LEFT), ...i32.const(many), ...i32.less, ...brIf(1)],
  ...Array.from({ length: many }, (_, ahead) => term(ahead)).flat(),
  ...rows.flatMap((row) => increase(ROW + row, 4 * many)),
  ...[...increase(AT, 32 * many), ...increase(LEFT, -many)],
  ...[...br(0), ...end, ...end]
]

const BODY: Code = [
  ...[...block, ...loop, ...get(COUNT), ...i32.isZero, ...brIf(1)],
  ...rows.flatMap((row) => [...get(X), ...set(ROW + row), ...plus(X, X_BYTES)]),
  ...[...get(W), ...set(AT), ...get(TERMS), ...set(LEFT)],
  ...Array.from({ length: 2 * ROWS }, (_, i) => [...v128.zero, ...set(SUM + i)]).flat(),
  ...[...terms(4), ...terms(1)],
  ...rows.flatMap((row) => [
    ...[...get(Y), ...get(SUM + 2 * row), ...v128.store(0), ...get(Y), ...get(SUM + 2 * row + 1), ...v128.store(16)],
    ...plus(Y, Y_BYTES)
  ]),
  ...[...increase(COUNT, -1), ...br(0), ...end, ...end]
]

const MODULE = moduleOf({
  ...{ name: "tiles", parameters: 7, returns: false, locals: 6, vectors: 11, body: BODY },
  ...{ pages: 0, most: MOST_PAGES }
})

/** Whether this engine has WebAssembly with SIMD, and memory that threads share. */
export const hasTiles = (): boolean => typeof SharedArrayBuffer !== "undefined" && wasm?.validate(MODULE) === true

/** A memory that threads share. In another thread, the same memory is another object, so it has a number. */
export interface SharedMemory {
  readonly memory: WasmMemory
  /** Unique in this process. */
  readonly id: number
}

/** The function of this thread, on the memory that was used last. */
let held: { readonly id: number; readonly tiles: Call } | undefined

/** The function that multiplies tiles of a memory. */
export const tilesOf = ({ id, memory }: SharedMemory): Call => {
  if (held?.id !== id) held = { id, tiles: functionsOf(MODULE, memory).tiles as Call }
  return held.tiles
}
