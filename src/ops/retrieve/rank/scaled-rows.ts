/**
 * Rows times numbers by WebAssembly SIMD, several times as fast as a plain loop, with its bits: each value is multiplied in double
 * precision and rounded once. It runs in browsers and in worker threads.
 */
import {
  brIf,
  type Code,
  end,
  f32x4,
  f64x2,
  get,
  i32,
  increase,
  loop,
  moduleOf,
  set,
  tee,
  v128
} from "../../formats/wasm.ts"
import { functionsOf, PAGE, wasm } from "../../wasm.ts"

/** Parameters and locals of the function. */
const [AT, END, FACTOR, VALUES] = [0, 1, 2, 3]

/** Index of the row in the memory, in bytes; the factor is before it. */
const ROW = 16

const UPPER_HALF = v128.shuffle(8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
const LOWER_HALVES = v128.shuffle(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)

/** Two numbers in single precision, which are on the stack, times the factor. */
const scaledPair: Code = [...f64x2.promote, ...get(FACTOR), ...f64x2.multiply, ...f32x4.demote]

/** `scale(at, end)`: multiplies the numbers in the bytes [at, end), four at a time, by the factor at byte 0. */
const BODY: Code = [
  ...[...i32.const(0), ...v128.loadSplat64(0), ...set(FACTOR)],
  ...loop,
  ...[...get(AT), ...get(AT), ...v128.load(0), ...tee(VALUES), ...scaledPair],
  ...[...get(VALUES), ...get(VALUES), ...UPPER_HALF, ...scaledPair],
  ...[...LOWER_HALVES, ...v128.store(0)],
  ...[...increase(AT, 16), ...get(AT), ...get(END), ...i32.less, ...brIf(0)],
  ...end
]

/** A function that returns a row times a number, float32 [dim], valid until its next call. */
export type ScaledRow = (row: Float32Array, factor: number) => Float32Array

const made = (dim: number): ScaledRow | undefined => {
  const bytes = 16 * Math.ceil(dim / 4)
  const pages = Math.ceil((ROW + bytes) / PAGE)
  const module = moduleOf({
    ...{ name: "scale", parameters: 2, returns: false, locals: 0, vectors: 2 },
    ...{ body: BODY, pages }
  })
  if (wasm?.validate(module) !== true) return undefined
  const memory = new wasm.Memory({ initial: pages })
  const { scale } = functionsOf(module, memory) as { readonly scale: (at: number, end: number) => void }
  const [first, values] = [new Float64Array(memory.buffer, 0, 1), new Float32Array(memory.buffer, ROW, dim)]
  return (row, factor) => {
    values.set(row)
    first[0] = factor
    scale(ROW, ROW + bytes)
    return values
  }
}

/** The functions, by dimensions. */
const kept = new Map<number, ScaledRow | undefined>()
const MOST_KEPT = 8

/** The function for rows of some dimensions; undefined if this engine has no WebAssembly SIMD. It is made once. */
export const scaledRow = (dim: number): ScaledRow | undefined => {
  if (!kept.has(dim)) {
    if (kept.size === MOST_KEPT) kept.clear()
    kept.set(dim, made(dim))
  }
  return kept.get(dim)
}
