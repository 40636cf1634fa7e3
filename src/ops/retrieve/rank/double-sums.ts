/**
 * Inner products and squared distances in double precision by WebAssembly SIMD, eight rows at once. The lanes of a vector belong to
 * different rows, so every sum runs in the order of the dimensions, and has the bits that a plain loop gives. It runs in browsers
 * and in worker threads.
 */
import { brIf, type Code, end, f64x2, get, i32, increase, loop, moduleOf, set, tee, v128 } from "../../formats/wasm.ts"
import { functionsOf, PAGE, wasm } from "../../wasm.ts"

/** Rows that are summed at once. */
export const ROWS = 8
/** Floats of each row that one turn of the loop reads. */
const TURN = 4

/** Parameters and locals of the function. */
const [AT, QUERY, END, OUT] = [0, 1, 2, 3]
const VALUES = [4, 5, 6, 7]
const SUMS = [8, 9, 10, 11]
const [A, B, BOTH, DIFFERENCE] = [12, 13, 14, 15]

const bytesAt = (first: number): ReadonlyArray<number> => [first, first + 1, first + 2, first + 3]
/** Brings numbers of two rows side by side: their first two, or their last two. */
const pairs = (first: number): Code =>
  v128.shuffle(...[first, 16 + first, first + 4, 20 + first].flatMap((byte) => bytesAt(byte)))
const UPPER_HALF = v128.shuffle(...[8, 12, 8, 12].flatMap((byte) => bytesAt(byte)))

/** What is summed: products, or squares of differences. */
export type Kind = "products" | "distances"

/** Adds the term of one dimension to the sums of two rows, whose numbers are on the stack in single precision. */
const term = (kind: Kind, value: number, sum: number): Code => [
  ...[...f64x2.promote, ...get(value)],
  ...(kind === "products"
    ? f64x2.multiply
    : [...f64x2.subtract, ...tee(DIFFERENCE), ...get(DIFFERENCE), ...f64x2.multiply]),
  ...[...get(sum), ...f64x2.add, ...set(sum)]
]

/** Adds two dimensions, beginning at a byte of the vectors A and B. */
const twoDimensions = (kind: Kind, first: number, [value, next]: ReadonlyArray<number>, sum: number): Code => [
  ...[...get(A), ...get(B), ...pairs(first), ...set(BOTH)],
  ...[...get(BOTH), ...term(kind, value, sum)],
  ...[...get(BOTH), ...get(BOTH), ...UPPER_HALF, ...term(kind, next, sum)]
]

/** Adds four dimensions to the sums of two rows. */
const twoRows = (kind: Kind, pair: number, bytes: number): Code => [
  ...[...get(AT), ...v128.load(2 * pair * bytes), ...set(A)],
  ...[...get(AT), ...v128.load((2 * pair + 1) * bytes), ...set(B)],
  ...twoDimensions(kind, 0, VALUES, SUMS[pair]),
  ...twoDimensions(kind, 8, VALUES.slice(2), SUMS[pair])
]

/** `sums(at, query, end, out)`: eight rows of `bytes` bytes from `at`, the first of which ends at `end`; eight sums at `out`. */
const bodyOf = (kind: Kind, bytes: number): Code => [
  ...SUMS.flatMap((sum) => [...v128.zero, ...set(sum)]),
  ...loop,
  ...VALUES.flatMap((value, i) => [...get(QUERY), ...v128.loadSplat64(8 * i), ...set(value)]),
  ...SUMS.flatMap((_, pair) => twoRows(kind, pair, bytes)),
  ...[...increase(AT, 4 * TURN), ...increase(QUERY, 8 * TURN)],
  ...[...get(AT), ...get(END), ...i32.less, ...brIf(0)],
  ...end,
  ...SUMS.flatMap((sum, i) => [...get(OUT), ...get(sum), ...v128.store(16 * i)])
]

const moduleFor = (kind: Kind, bytes: number, pages: number): Uint8Array =>
  moduleOf({
    ...{ name: "sums", parameters: 4, returns: false, locals: 0, vectors: 12 },
    ...{ body: bodyOf(kind, bytes), pages }
  })

/** Memory for a query and eight rows, and their sums. */
export interface DoubleSums {
  /** Receives the query, float64 [dim]. */
  readonly query: Float64Array
  /** Receive the rows, float32 [dim] each. */
  readonly rows: ReadonlyArray<Float32Array>
  /** @returns float64 [8], valid until the next call */
  readonly sum: () => Float64Array
}

const made = (kind: Kind, dim: number): DoubleSums | undefined => {
  const stride = TURN * Math.ceil(dim / TURN)
  const [rows, out] = [8 * stride, 8 * stride + 4 * ROWS * stride]
  const pages = Math.ceil((out + 8 * ROWS) / PAGE)
  const module = moduleFor(kind, 4 * stride, pages)
  if (wasm?.validate(module) !== true) return undefined
  const memory = new wasm.Memory({ initial: pages })
  const { sums } = functionsOf(module, memory) as {
    readonly sums: (at: number, query: number, end: number, out: number) => void
  }
  const found = new Float64Array(memory.buffer, out, ROWS)
  return {
    query: new Float64Array(memory.buffer, 0, dim),
    rows: Array.from({ length: ROWS }, (_, i) => new Float32Array(memory.buffer, rows + 4 * i * stride, dim)),
    sum: () => {
      sums(rows, 0, rows + 4 * stride, out)
      return found
    }
  }
}

/** Functions that are kept, by what they sum and their dimensions. */
const kept = new Map<string, DoubleSums | undefined>()
const MOST_KEPT = 8

/** The function for rows of some dimensions; undefined if this engine has no WebAssembly SIMD. It is made once. */
export const doubleSums = (kind: Kind, dim: number): DoubleSums | undefined => {
  const key = `${kind} ${dim}`
  if (!kept.has(key)) {
    if (kept.size === MOST_KEPT) kept.clear()
    kept.set(key, made(kind, dim))
  }
  return kept.get(key)
}
