/**
 * The WebAssembly function that computes inner products in single precision, four rows with eight columns at a time. The module
 * is assembled here, so it needs no file. Threads run it, so this file does not import Effect.
 */
import { type Code, get, i32, increase, moduleOf, plus, set, until, v128 } from "../../formats/wasm.ts"
import { addTerms, clearSums, type TileLocals, tileRows } from "../../formats/wasm-tiles.ts"
import { functionsOf, MOST_PAGES, type WasmMemory, wasm } from "../../wasm.ts"

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
const [ROW, AT, LEFT, SUM] = [7, 11, 12, 13]
const LOCALS: TileLocals = { row: ROW, at: AT, left: LEFT, sum: SUM, others: [21, 22], factor: 23 }
/** Bytes of a factor. */
const STEP = 4

const BODY: Code = until(
  [...get(COUNT), ...i32.isZero],
  [
    ...tileRows.flatMap((row) => [...get(X), ...set(ROW + row), ...plus(X, X_BYTES)]),
    ...[...get(W), ...set(AT), ...get(TERMS), ...set(LEFT)],
    ...[...clearSums(LOCALS), ...addTerms(LOCALS, STEP, 4), ...addTerms(LOCALS, STEP, 1)],
    ...tileRows.flatMap((row) => [
      ...[...get(Y), ...get(SUM + 2 * row), ...v128.store(0), ...get(Y), ...get(SUM + 2 * row + 1), ...v128.store(16)],
      ...plus(Y, Y_BYTES)
    ]),
    ...increase(COUNT, -1)
  ]
)

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
