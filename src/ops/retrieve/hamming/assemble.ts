/**
 * The WebAssembly module that counts differing bits. It is assembled here, instruction by instruction, for one length of
 * codes, so that the loop over the words of a code is written out and the module needs no file.
 */

/** Unsigned number in LEB128. */
const leb = (value: number): ReadonlyArray<number> =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]
/** Signed number of 32 bits in LEB128. */
const signed = (value: number): ReadonlyArray<number> =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]
const sized = (bytes: ReadonlyArray<number>): ReadonlyArray<number> => [...leb(bytes.length), ...bytes]
const section = (id: number, ...bytes: ReadonlyArray<number>): ReadonlyArray<number> => [id, ...sized(bytes)]
const text = (word: string): ReadonlyArray<number> => sized(Array.from(word, (one) => one.charCodeAt(0)))

const [I32, V128, EMPTY] = [0x7f, 0x7b, 0x40]
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const tee = (local: number) => [0x22, local]
const simd = (code: number) => [0xfd, ...leb(code)]
const i32 = {
  const: (n: number) => [0x41, ...signed(n)],
  add: [0x6a],
  sub: [0x6b],
  less: [0x49],
  atLeast: [0x4f],
  shiftRight: [0x76],
  wrap: [0xa7],
  store: (offset: number) => [0x36, 2, offset]
}
const i64 = { load: (offset: number) => [0x29, 3, ...leb(offset)], add: [0x7c], xor: [0x85], popcount: [0x7b] }
const v128 = {
  load: (offset: number) => [...simd(0x00), 4, ...leb(offset)],
  xor: simd(0x51),
  popcount: simd(0x62),
  add8: simd(0x6e),
  add16: simd(0x8e),
  widenTo16: simd(0x7d),
  widenTo32: simd(0x7f),
  lane: (lane: number) => [...simd(0x1b), lane]
}
const block = [0x02, EMPTY]
const loop = [0x03, EMPTY]
const [br, brIf, then, end] = [[0x0c], [0x0d], [0x04, EMPTY], [0x0b]]

/** Parameters and locals of the function. */
const [CODES, ROWS, QUERY, LIMIT, OUT, ROW, DISTANCE, AT, SUM] = [0, 1, 2, 3, 4, 5, 6, 7, 8]

/** Bytes of a vector register. */
export const LANE = 16

/** Registers whose counts of up to 8 fit the bytes of one sum. */
const FIT = 31

/** Up to this number of bytes, counting 64 bits at a time is faster than adding up the parts of a register. */
const SHORT = 64

/** Distance by 64-bit words. */
const byWords = (stride: number): ReadonlyArray<number> => [
  ...Array.from({ length: stride / 8 }, (_, i) => [
    ...[...get(CODES), ...i64.load(8 * i), ...get(QUERY), ...i64.load(8 * i), ...i64.xor, ...i64.popcount],
    ...(i > 0 ? i64.add : [])
  ]).flat(),
  ...i32.wrap
]

/** Distance by registers of 128 bits: counts per byte, widened before they overflow. */
const byRegisters = (stride: number): ReadonlyArray<number> => {
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
  const lanes = [0, 1, 2, 3].map((lane) => [...get(SUM), ...v128.lane(lane), ...(lane > 0 ? i32.add : [])])
  return [...parts.flat(), ...v128.widenTo32, ...set(SUM), ...lanes.flat()]
}

const add = (local: number, more: number) => [...get(local), ...i32.const(more), ...i32.add, ...set(local)]

const bodyOf = (stride: number) => [
  ...[...get(OUT), ...set(AT), ...block, ...loop],
  ...[...get(ROW), ...get(ROWS), ...i32.atLeast, ...brIf, 1],
  ...(stride <= SHORT ? byWords(stride) : byRegisters(stride)),
  ...[...tee(DISTANCE), ...get(LIMIT), ...i32.less, ...then],
  ...[...get(AT), ...get(ROW), ...i32.store(0), ...get(AT), ...get(DISTANCE), ...i32.store(4), ...add(AT, 8)],
  ...end,
  ...[...add(CODES, stride), ...add(ROW, 1), ...br, 0, ...end, ...end],
  ...[...get(AT), ...get(OUT), ...i32.sub, ...i32.const(3), ...i32.shiftRight, ...end]
]

/** Largest size of a memory, in pages of 64 KiB. */
export const MOST_PAGES = 65_536

/**
 * A module with the function `scan(codes, rows, query, limit, out)`, on the memory `e.m`. It writes the number and the
 * distance of each of the `rows` rows that is nearer than `limit`, as pairs of uint32 from `out` on, and returns their number.
 *
 * @param stride bytes per code, a multiple of 16
 * @param shared whether threads share the memory
 */
export const hammingModule = (stride: number, shared: boolean): Uint8Array =>
  Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 5, I32, I32, I32, I32, I32, 1, I32),
    ...section(2, 1, ...text("e"), ...text("m"), 2, ...(shared ? [3, 0, ...leb(MOST_PAGES)] : [0, 0])),
    ...section(3, 1, 0),
    ...section(7, 1, ...text("scan"), 0, 0),
    ...section(10, 1, ...sized([2, 3, I32, 1, V128, ...bodyOf(stride)]))
  )
