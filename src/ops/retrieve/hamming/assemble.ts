/**
 * The WebAssembly module that counts differing bits. It is assembled here, instruction by instruction, for one length of
 * codes, so that the loop over the words of a code is written out and the module needs no file.
 */
import {
  type Code,
  end,
  get,
  i32,
  i64,
  increase,
  laneSum,
  moduleOf,
  set,
  tee,
  until,
  v128,
  when
} from "../../formats/wasm.ts"
import { MOST_PAGES } from "../../wasm.ts"

/** Parameters and locals of the function. */
const [CODES, ROWS, QUERY, LIMIT, OUT, ROW, DISTANCE, AT, SUM] = [0, 1, 2, 3, 4, 5, 6, 7, 8]

/** Bytes of a vector register. */
export const LANE = 16

/** Registers whose counts of up to 8 fit the bytes of one sum. */
const FIT = 31

/** Up to this number of bytes, counting 64 bits at a time is faster than adding up the parts of a register. */
const SHORT = 64

/** Distance by 64-bit words. */
const byWords = (stride: number): Code => [
  ...Array.from({ length: stride / 8 }, (_, i) => [
    ...[...get(CODES), ...i64.load(8 * i), ...get(QUERY), ...i64.load(8 * i), ...i64.xor, ...i64.popcount],
    ...(i > 0 ? i64.add : [])
  ]).flat(),
  ...i32.wrap
]

/** Distance by registers of 128 bits: counts per byte, widened before they overflow. */
const byRegisters = (stride: number): Code => {
  const one = (i: number) => [
    ...[...get(CODES), ...v128.load(LANE * i), ...get(QUERY), ...v128.load(LANE * i), ...v128.xor, ...v128.popcount],
    ...(i % FIT > 0 ? v128.add8 : [])
  ]
  const registers = stride / LANE
  const parts = Array.from({ length: Math.ceil(registers / FIT) }, (_, part) => [
    ...Array.from({ length: Math.min(FIT, registers - part * FIT) }, (_, i) => one(part * FIT + i)).flat(),
    ...v128.widenTo16,
    ...(part > 0 ? v128.add16 : [])
  ])
  return [...parts.flat(), ...v128.widenTo32, ...set(SUM), ...laneSum(SUM)]
}

const bodyOf = (stride: number): Code => [
  ...[...get(OUT), ...set(AT)],
  ...until(
    [...get(ROW), ...get(ROWS), ...i32.atLeast],
    [
      ...(stride <= SHORT ? byWords(stride) : byRegisters(stride)),
      ...[...tee(DISTANCE), ...get(LIMIT), ...i32.less, ...when],
      ...[...get(AT), ...get(ROW), ...i32.store(0), ...get(AT), ...get(DISTANCE), ...i32.store(4), ...increase(AT, 8)],
      ...[...end, ...increase(CODES, stride), ...increase(ROW, 1)]
    ]
  ),
  ...[...get(AT), ...get(OUT), ...i32.sub, ...i32.const(3), ...i32.shiftRight]
]

/**
 * A module with the function `scan(codes, rows, query, limit, out)`, on the memory `e.m`. It writes the number and the
 * distance of each of the `rows` rows that is nearer than `limit`, as pairs of uint32 from `out` on, and returns their number.
 *
 * @param stride bytes per code, a multiple of 16
 * @param shared whether threads share the memory
 */
export const hammingModule = (stride: number, shared: boolean): Uint8Array =>
  moduleOf({
    ...{ name: "scan", parameters: 5, returns: true, locals: 3, body: bodyOf(stride) },
    ...{ pages: 0, most: shared ? MOST_PAGES : undefined }
  })
