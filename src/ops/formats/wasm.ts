/** Writes WebAssembly modules of one function (webassembly.github.io/spec/core/binary), instruction by instruction. */

/** Encoded instructions, or parts of a module. */
export type Code = ReadonlyArray<number>

/** Unsigned number in LEB128. */
const leb = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)])
/** Signed number of 32 bits in LEB128. */
const signed = (value: number): Code =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]
const sized = (bytes: Code): Code => [...leb(bytes.length), ...bytes]
const section = (id: number, ...bytes: Code): Code => [id, ...sized(bytes)]
const text = (word: string): Code => sized(Array.from(word, (one) => one.charCodeAt(0)))

const [I32, V128, EMPTY] = [0x7f, 0x7b, 0x40]
const simd = (code: number): Code => [0xfd, ...leb(code)]

export const get = (local: number): Code => [0x20, local]
export const set = (local: number): Code => [0x21, local]
export const tee = (local: number): Code => [0x22, local]
export const block: Code = [0x02, EMPTY]
export const loop: Code = [0x03, EMPTY]
export const when: Code = [0x04, EMPTY]
export const end: Code = [0x0b]
export const br = (depth: number): Code => [0x0c, depth]
export const brIf = (depth: number): Code => [0x0d, depth]

export const i32 = {
  const: (n: number): Code => [0x41, ...signed(n)],
  add: [0x6a],
  sub: [0x6b],
  isZero: [0x45],
  less: [0x49],
  atLeast: [0x4f],
  shiftRight: [0x76],
  wrap: [0xa7],
  load: (offset: number): Code => [0x28, 2, ...leb(offset)],
  store: (offset: number): Code => [0x36, 2, ...leb(offset)]
}
export const i64 = {
  load: (offset: number): Code => [0x29, 3, ...leb(offset)],
  add: [0x7c],
  xor: [0x85],
  popcount: [0x7b]
}
export const v128 = {
  load: (offset: number): Code => [...simd(0x00), 4, ...leb(offset)],
  /** Loads one float32 into all four lanes. */
  loadSplat: (offset: number): Code => [...simd(0x09), 2, ...leb(offset)],
  /** Loads one float64 into both lanes. */
  loadSplat64: (offset: number): Code => [...simd(0x0a), 3, ...leb(offset)],
  store: (offset: number): Code => [...simd(0x0b), 4, ...leb(offset)],
  /** Takes 16 bytes out of two vectors, by their numbers from 0 to 31. */
  shuffle: (...bytes: Code): Code => [...simd(0x0d), ...bytes],
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)],
  /** One float32, given by its four bytes, in all four lanes. */
  splat: (...bytes: Code): Code => [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes],
  lane: (lane: number): Code => [...simd(0x1b), lane],
  and: simd(0x4e),
  /** Bits of the first that are not in the second. */
  andNot: simd(0x4f),
  or: simd(0x50),
  xor: simd(0x51),
  popcount: simd(0x62),
  add8: simd(0x6e),
  add16: simd(0x8e),
  add32: simd(0xae),
  /** Sums of neighbouring bytes, and of neighbouring 16-bit numbers, without sign. */
  widenTo16: simd(0x7d),
  widenTo32: simd(0x7f),
  /** The lower and the upper 8 bytes as 16-bit numbers with sign. */
  lowTo16: simd(0x87),
  highTo16: simd(0x88),
  /** Products of 16-bit numbers with sign, added in pairs. */
  dot: simd(0xba)
}
/** Four numbers in single precision. */
export const f32x4 = {
  add: simd(0xe4),
  subtract: simd(0xe5),
  multiply: simd(0xe6),
  equal: simd(0x41),
  /** Two numbers in double precision, rounded, and two zeros. */
  demote: simd(0x5e),
  greater: simd(0x44),
  /** The second where it is greater, otherwise the first. */
  larger: simd(0xeb)
}

/** Two numbers in double precision. */
export const f64x2 = {
  add: simd(0xf0),
  subtract: simd(0xf1),
  multiply: simd(0xf2),
  /** The lower two of four numbers in single precision. */
  promote: simd(0x5f)
}

/** Adds a constant to a local. */
export const increase = (local: number, by: number): Code => [
  ...get(local),
  ...i32.const(by),
  ...i32.add,
  ...set(local)
]
/** Adds another local to a local. */
export const plus = (local: number, other: number): Code => [...get(local), ...get(other), ...i32.add, ...set(local)]
/** Subtracts 1 from a counter, and repeats the loop unless it is 0. */
export const again = (counter: number): Code => [
  ...get(counter),
  ...i32.const(1),
  ...i32.sub,
  ...tee(counter),
  ...brIf(0)
]

/** Repeats `body` until `stop` gives a number other than 0; `stop` is computed before each turn. */
export const until = (stop: Code, body: Code): Code => [
  ...[...block, ...loop, ...stop, ...brIf(1)],
  ...[...body, ...br(0), ...end, ...end]
]
/** Repeats `body`, at least once, as long as the first local is below the second afterwards. */
export const whileBelow = (local: number, bound: number, body: Code): Code => [
  ...[...loop, ...body],
  ...[...get(local), ...get(bound), ...i32.less, ...brIf(0), ...end]
]
/** The sum of the four 32-bit numbers in a vector. */
export const laneSum = (vector: number): Code =>
  [0, 1, 2, 3].flatMap((lane) => [...get(vector), ...v128.lane(lane), ...(lane > 0 ? i32.add : [])])

/** A function of i32 numbers, and the memory that it uses. */
export interface WasmFunction {
  readonly name: string
  readonly parameters: number
  /** Whether it returns an i32 number. */
  readonly returns: boolean
  /** Number of further i32 locals. */
  readonly locals: number
  /** Number of v128 locals, which follow them; 1 by default. */
  readonly vectors?: number
  readonly body: Code
  /** Smallest size of the memory in pages; with `most`, threads share it. */
  readonly pages: number
  readonly most?: number | undefined
}

/** A module that exports the function and imports its memory as `e.m`. */
export const moduleOf = ({
  body,
  locals,
  most,
  name,
  pages,
  parameters,
  returns,
  vectors = 1
}: WasmFunction): Uint8Array =>
  Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, ...sized(new Array<number>(parameters).fill(I32)), ...sized(returns ? [I32] : [])),
    ...section(2, 1, ...text("e"), ...text("m"), 2, ...(most === undefined ? [0, pages] : [3, pages, ...leb(most)])),
    ...section(3, 1, 0),
    ...section(7, 1, ...text(name), 0, 0),
    ...section(10, 1, ...sized([2, locals, I32, vectors, V128, ...body, ...end]))
  )
