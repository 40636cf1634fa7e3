/**
 * The WebAssembly module that multiplies tiles of 4 rows and 8 columns. Each value is a sum of products in ascending order of its
 * terms, with a rounding after every product and every sum. XNNPACK, the library's own code, computes in the same order, so both
 * give the same bits.
 */
import {
  again,
  type Code,
  end,
  get,
  i32,
  increase,
  loop,
  moduleOf,
  plus,
  set,
  tee,
  until,
  v128,
  when
} from "../../formats/wasm.ts"
import { addTerms, clearSums, type TileLocals, tileRows } from "../../formats/wasm-tiles.ts"
import { MOST_PAGES } from "../../wasm.ts"

/** Bytes of a tile's entry in the table: four offsets of its rows of factors, then four offsets of its rows of results. */
export const ENTRY = 32

/** Parameters of the function, see `TileCall`. */
const [TABLE, COUNT, X, W, Y, OUTER, OUTER_GAP, W_GAP, MIDDLE, MIDDLE_GAP, INNER] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const CONTINUES = 11
/** Locals: a pointer for each row, one for the other factors, counters, and vectors. */
const [ROW, AT, OUTERS, MIDDLES, LEFT, SUM] = [12, 16, 17, 18, 19, 20]
const LOCALS: TileLocals = { row: ROW, at: AT, left: LEFT, sum: SUM, others: [28, 29], factor: 30 }

/** The function of the module; all addresses, offsets and gaps are in bytes. */
export type TileCall = (
  /** Address of the first entry, and number of entries. */
  table: number,
  count: number,
  /** Address to which the offsets of factors are added. */
  x: number,
  /** Address of the other factors, 8 for each term. */
  w: number,
  /** Address to which the offsets of results are added. */
  y: number,
  /**
   * A sum has `outer` times `middle` times `inner` terms, in three nested loops. After each turn of the outer loop, `outerGap` bytes
   * are skipped in x and `wGap` in w; after each turn of the middle loop, `middleGap` bytes in x.
   */
  outer: number,
  outerGap: number,
  wGap: number,
  middle: number,
  middleGap: number,
  inner: number,
  /** 1 if the results hold the sums of earlier terms, and 0 if these terms are the first. */
  continues: number
) => void

/** Repeats `body` as often as a parameter says, at least once, and skips a gap after each time. */
const repeated = (counter: number, times: number, gap: number, body: Code): Code => [
  ...[...get(times), ...set(counter), ...loop, ...body],
  ...tileRows.flatMap((row) => plus(ROW + row, gap)),
  ...(gap === OUTER_GAP ? plus(AT, W_GAP) : []),
  ...[...again(counter), ...end]
]

const bodyOf = (step: number): Code =>
  until(
    [...get(COUNT), ...i32.isZero],
    [
      ...tileRows.flatMap((row) => [...get(X), ...get(TABLE), ...i32.load(4 * row), ...i32.add, ...set(ROW + row)]),
      ...[...get(W), ...set(AT)],
      ...clearSums(LOCALS),
      ...[...get(CONTINUES), ...when],
      ...tileRows.flatMap((row) => [
        ...[...get(Y), ...get(TABLE), ...i32.load(16 + 4 * row), ...i32.add, ...tee(LEFT)],
        ...[...v128.load(0), ...set(SUM + 2 * row), ...get(LEFT), ...v128.load(16), ...set(SUM + 2 * row + 1)]
      ]),
      ...end,
      ...repeated(
        OUTERS,
        OUTER,
        OUTER_GAP,
        repeated(MIDDLES, MIDDLE, MIDDLE_GAP, [
          ...get(INNER),
          ...set(LEFT),
          ...addTerms(LOCALS, step, 4),
          ...addTerms(LOCALS, step, 1)
        ])
      ),
      ...tileRows.flatMap((row) => [
        ...[...get(Y), ...get(TABLE), ...i32.load(16 + 4 * row), ...i32.add, ...tee(LEFT)],
        ...[...get(SUM + 2 * row), ...v128.store(0), ...get(LEFT), ...get(SUM + 2 * row + 1), ...v128.store(16)]
      ]),
      ...[...increase(TABLE, ENTRY), ...increase(COUNT, -1)]
    ]
  )

/**
 * A module with the function `tiles`, a `TileCall`, on the shared memory `e.m`.
 *
 * @param step bytes from a row's factor to its next one
 */
export const tileModule = (step: number): Uint8Array =>
  moduleOf({
    ...{ name: "tiles", parameters: 12, returns: false, locals: 8, vectors: 11, body: bodyOf(step) },
    ...{ pages: 0, most: MOST_PAGES }
  })
