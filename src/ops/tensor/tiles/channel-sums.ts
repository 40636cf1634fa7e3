/**
 * Sums of each channel over all pixels, a loop that threads share: they divide the channels, so that their number changes no bit.
 * Values are added in XNNPACK's order for averages: seven pixels at a time, in pairs. Threads run it, so it does not import Effect.
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
import { MOST_PAGES } from "../../wasm.ts"
import type { Loop } from "../../workers/loops.ts"
import { type Instances, instances, type Shared } from "./instances.ts"

/** Values that are added: x; the squares of their distances from the mean; g, and g times h, see `SlopeSums`. */
export type Summed = "values" | "squares" | "slopes" | "slopes behind ReLU"

/** Addresses of float32 arrays: pixels [count, channels], coefficients [channels], and sums [channels]. */
export interface ChannelSums extends Shared {
  readonly summed: Summed
  readonly count: number
  readonly channels: number
  readonly x: number
  /** For squares the mean; for slopes the factor of x in h. */
  readonly first: number
  /** For slopes the constant of h = first x + second. */
  readonly second: number
  /** For slopes the outputs, of which g needs the sign behind ReLU, and their slopes dy. */
  readonly y: number
  readonly dy: number
  /** The sums; for slopes the sums of g, then the sums of g h. */
  readonly sums: number
}

/** Pixels that are added at a time, and channels of one unit of work: a cache line. */
const PIXELS = 7
const UNIT = 16

const [X, Y, DY, FIRST, SECOND, STEP, COUNT, TO, TO_SECOND] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
/** Locals: distances of seven pixels from the first one, then vectors. */
const FAR = 9
const VALUES = FAR + PIXELS
const SUMS = VALUES + PIXELS
const PRODUCTS = SUMS + UNIT / 4

/** Bytes of 1 and of minus infinity. */
export const ONE = v128.splat(0, 0, 0x80, 0x3f)
export const LOWEST = v128.splat(0, 0, 0x80, 0xff)

const pixels = Array.from({ length: PIXELS }, (_, i) => i)
/** Loads four channels of a pixel. */
const loaded = (address: number, pixel: number, vector: number): Code => [
  ...[...get(address), ...get(FAR + pixel), ...i32.add, ...v128.load(16 * vector)]
]
const coefficient = (address: number, vector: number): Code => [...get(address), ...v128.load(16 * vector)]

/** The value of one pixel that is added first: for slopes g. */
const summandOf = (summed: Summed, pixel: number, vector: number): Code => {
  if (summed === "values") return loaded(X, pixel, vector)
  if (summed === "squares") {
    const away: Code = [...loaded(X, pixel, vector), ...coefficient(FIRST, vector), ...f32x4.subtract]
    return [...away, ...set(VALUES + pixel), ...get(VALUES + pixel), ...get(VALUES + pixel), ...f32x4.multiply]
  }
  if (summed === "slopes") return loaded(DY, pixel, vector)
  const passes: Code = [...loaded(Y, pixel, vector), ...v128.zero, ...f32x4.greater, ...ONE, ...v128.and]
  return [...loaded(DY, pixel, vector), ...passes, ...f32x4.multiply]
}

/** h of a pixel, as the library's scaling computes it. */
const scaledOf = (pixel: number, vector: number): Code => [
  ...LOWEST,
  ...[...coefficient(SECOND, vector), ...loaded(X, pixel, vector), ...coefficient(FIRST, vector)],
  ...[...f32x4.multiply, ...f32x4.add, ...f32x4.larger]
]

const sum = (...[a, b]: readonly [Code, Code]): Code => [...a, ...b, ...f32x4.add]

/** Adds seven values to a sum, or begins one. */
const added = (to: number, begins: boolean): Code => {
  const [a, b, c, d, e, f, g] = pixels.map((pixel) => get(VALUES + pixel))
  const whole = begins
    ? sum(sum(sum(a, b), g), sum(sum(c, d), sum(e, f)))
    : sum(sum(sum(a, b), sum(c, d)), sum(sum(e, f), sum(g, get(to))))
  return [...whole, ...set(to)]
}

/** Sets the values of seven pixels; the last group may have fewer. */
const filled = (whole: boolean, value: (pixel: number) => Code): Code => {
  const filling = pixels.map((pixel): Code => [...value(pixel), ...set(VALUES + pixel)])
  if (whole) return filling.flat()
  const ended = (pixel: number): Code => [...get(COUNT), ...i32.const(pixel + 1), ...i32.less, ...brIf(0)]
  return [...block, ...filling.flatMap((code, pixel) => [...ended(pixel), ...code]), ...end]
}

const isSlope = (summed: Summed): boolean => summed === "slopes" || summed === "slopes behind ReLU"

/** Adds a group of pixels to the sums of all vectors. */
const group = (summed: Summed, vectors: number, begins: boolean, whole: boolean): Code =>
  Array.from({ length: vectors }, (_, vector): Code => {
    // Zeros take the places of pixels that are missing in the last group.
    const zeros = whole ? [] : pixels.flatMap((pixel) => [...v128.zero, ...set(VALUES + pixel)])
    const own = filled(whole, (pixel) => summandOf(summed, pixel, vector))
    const values = [...zeros, ...own, ...added(SUMS + vector, begins)]
    if (!isSlope(summed)) return values
    const product = (pixel: number): Code => [...get(VALUES + pixel), ...scaledOf(pixel, vector), ...f32x4.multiply]
    return [...values, ...filled(whole, product), ...added(PRODUCTS + vector, begins)]
  }).flat()

/** Moves all pointers to the next seven pixels. */
const onward: Code = [
  ...[X, Y, DY].flatMap((address) => [...plus(address, FAR + 6), ...plus(address, STEP)]),
  ...increase(COUNT, -PIXELS)
]

const bodyOf = (summed: Summed, vectors: number): Code => {
  const last = (begins: boolean): Code => group(summed, vectors, begins, false)
  return [
    ...pixels.flatMap((pixel) =>
      pixel === 0 ? [] : [...get(FAR + pixel - 1), ...set(FAR + pixel), ...plus(FAR + pixel, STEP)]
    ),
    ...block,
    ...[
      ...block,
      ...get(COUNT),
      ...i32.const(PIXELS),
      ...i32.less,
      ...i32.isZero,
      ...brIf(0),
      ...last(true),
      ...br(1),
      ...end
    ],
    ...[...group(summed, vectors, true, true), ...onward, ...loop],
    ...[...block, ...get(COUNT), ...i32.const(PIXELS), ...i32.less, ...brIf(0)],
    ...[...group(summed, vectors, false, true), ...onward, ...br(1), ...end, ...end],
    ...[...get(COUNT), ...i32.isZero, ...brIf(0), ...last(false), ...end],
    ...Array.from({ length: vectors }, (_, vector) => [
      ...[...get(TO), ...get(SUMS + vector), ...v128.store(16 * vector)],
      ...(isSlope(summed) ? [...get(TO_SECOND), ...get(PRODUCTS + vector), ...v128.store(16 * vector)] : [])
    ]).flat()
  ]
}

type SumCall = (
  x: number,
  y: number,
  dy: number,
  first: number,
  second: number,
  step: number,
  count: number,
  sums: number,
  products: number
) => void

/** Units of work: some channels each. */
export const sumUnits = ({ channels }: Pick<ChannelSums, "channels">): number => Math.ceil(channels / UNIT)

/** The sums of one thread. */
export const channelSums = (functions: Instances = instances()): Loop<ChannelSums> => ({
  name: "channel sums",
  rows: (data) => (from, to) => {
    const { channels, count, dy, first, second, summed, sums, x, y } = data
    for (let unit = from; unit < to; unit++) {
      const vectors = Math.min(UNIT, channels - UNIT * unit) / 4
      const call = functions<SumCall>(data, "sums", `${summed} ${vectors}`, () => sumsModule(summed, vectors))
      const away = 4 * UNIT * unit
      const places = [x, y, dy, first, second].map((address) => address + away) as [
        number,
        number,
        number,
        number,
        number
      ]
      call(...places, 4 * channels, count, sums + away, sums + 4 * channels + away)
    }
  }
})

const sumsModule = (summed: Summed, vectors: number): Uint8Array =>
  moduleOf({
    ...{ name: "sums", parameters: 9, returns: false, locals: PIXELS, vectors: PIXELS + UNIT / 2 },
    ...{ body: bodyOf(summed, vectors), pages: 0, most: MOST_PAGES }
  })
