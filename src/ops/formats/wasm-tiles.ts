/**
 * The inner loop of WebAssembly functions that multiply tiles of 4 rows and 8 columns in single precision. Each value is a sum of
 * products in ascending order of its terms, with a rounding after every product and every sum.
 */
import { type Code, f32x4, get, i32, increase, set, until, v128 } from "./wasm.ts"

/** Rows and columns of a tile: its sums and their factors just fit the 16 vector registers of x86-64. */
export const ROWS = 4
export const COLUMNS = 8

export const tileRows: ReadonlyArray<number> = Array.from({ length: ROWS }, (_, row) => row)

/** Numbers of the locals that the loop uses. */
export interface TileLocals {
  /** The first of four pointers, one for each row of factors. */
  readonly row: number
  /** Pointer to the other factors, 8 for each term. */
  readonly at: number
  /** Number of terms that are left. */
  readonly left: number
  /** The first of eight vectors: the sums of four columns, two vectors for each row. */
  readonly sum: number
  /** Vectors for the other factors of a term. */
  readonly others: readonly [number, number]
  /** Vector for the factor of a row. */
  readonly factor: number
}

/** Sets all sums to 0. */
export const clearSums = ({ sum }: TileLocals): Code =>
  Array.from({ length: 2 * ROWS }, (_, i) => [...v128.zero, ...set(sum + i)]).flat()

/** Adds one term, `ahead` terms after the pointers. */
const term = ({ at, factor, others, row: first, sum }: TileLocals, step: number, ahead: number): Code => [
  ...others.flatMap((other, half) => [...get(at), ...v128.load(32 * ahead + 16 * half), ...set(other)]),
  ...tileRows.flatMap((row) => [
    ...[...get(first + row), ...v128.loadSplat(step * ahead), ...set(factor)],
    ...others.flatMap((other, half) => [
      ...[...get(sum + 2 * row + half), ...get(factor), ...get(other), ...f32x4.multiply, ...f32x4.add],
      ...set(sum + 2 * row + half)
    ])
  ])
]

/**
 * Adds terms as long as at least `many` are left, `many` at a time.
 *
 * @param step bytes from a row's factor to its next one
 */
export const addTerms = (locals: TileLocals, step: number, many: number): Code =>
  until(
    [...get(locals.left), ...i32.const(many), ...i32.less],
    [
      ...Array.from({ length: many }, (_, ahead) => term(locals, step, ahead)).flat(),
      ...tileRows.flatMap((row) => increase(locals.row + row, many * step)),
      ...[...increase(locals.at, 32 * many), ...increase(locals.left, -many)]
    ]
  )
