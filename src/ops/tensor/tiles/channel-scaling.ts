/**
 * Scaling of each channel, and the gradient of batch norm: loops over pixels that threads share. All values are rounded as by the
 * library's own kernels. Threads run it, so it does not import Effect.
 */
import { again, type Code, end, f32x4, get, i32, increase, loop, moduleOf, set, v128 } from "../../formats/wasm.ts"
import { MOST_PAGES } from "../../wasm.ts"
import type { Loop } from "../../workers/loops.ts"
import { LOWEST, ONE } from "./channel-sums.ts"
import { type Instances, instances, type Shared } from "./instances.ts"

/**
 * What is computed: `scaled` a x + b, with ReLU or not; `gradient` (c g + 0) + (d h + e), where h = a x + b, and g is dy, or 0 where
 * y is 0 behind ReLU.
 */
export type Scaling = "scaled" | "scaled, ReLU" | "gradient" | "gradient behind ReLU"

/** Addresses of float32 arrays: pixels [count, channels], and coefficients [channels], one after another. */
export interface ChannelScaling extends Shared {
  readonly scaling: Scaling
  readonly count: number
  readonly channels: number
  readonly x: number
  /** For gradients. */
  readonly y: number
  readonly dy: number
  /** Address of a; the others follow it. */
  readonly coefficients: number
  readonly result: number
}

const [X, Y, DY, RESULT, COEFFICIENTS, COUNT, LEFT, AT, H] = [0, 1, 2, 3, 4, 5, 6, 7, 8]

const coefficient = (place: number, channels: number): Code => [...get(AT), ...v128.load(4 * channels * place)]
const here = (address: number): Code => [...get(address), ...v128.load(0)]

/** b + x a, never NaN, as the library's scaling computes it. */
const scaled = (channels: number, least: Code): Code => [
  ...[...least, ...coefficient(1, channels), ...here(X), ...coefficient(0, channels)],
  ...[...f32x4.multiply, ...f32x4.add, ...f32x4.larger]
]

const slope = (relu: boolean): Code =>
  relu ? [...here(DY), ...here(Y), ...v128.zero, ...f32x4.greater, ...ONE, ...v128.and, ...f32x4.multiply] : here(DY)

const gradient = (channels: number, relu: boolean): Code => [
  ...[...scaled(channels, LOWEST), ...set(H)],
  ...[...LOWEST, ...v128.zero, ...slope(relu), ...coefficient(2, channels)],
  ...[...f32x4.multiply, ...f32x4.add, ...f32x4.larger],
  ...[...LOWEST, ...coefficient(4, channels), ...get(H), ...coefficient(3, channels)],
  ...[...f32x4.multiply, ...f32x4.add, ...f32x4.larger, ...f32x4.add]
]

const resultOf = (scaling: Scaling, channels: number): Code => {
  if (scaling === "scaled") return scaled(channels, LOWEST)
  if (scaling === "scaled, ReLU") return scaled(channels, v128.zero)
  return gradient(channels, scaling === "gradient behind ReLU")
}

const scalingModule = (scaling: Scaling, channels: number): Uint8Array =>
  moduleOf({
    ...{ name: "scale", parameters: 6, returns: false, locals: 2, pages: 0, most: MOST_PAGES },
    body: [
      ...[...loop, ...get(COEFFICIENTS), ...set(AT), ...i32.const(channels / 4), ...set(LEFT), ...loop],
      ...[...get(RESULT), ...resultOf(scaling, channels), ...v128.store(0)],
      ...[X, Y, DY, RESULT, AT].flatMap((address) => increase(address, 16)),
      ...[...again(LEFT), ...end, ...again(COUNT), ...end]
    ]
  })

type ScaleCall = (x: number, y: number, dy: number, result: number, coefficients: number, count: number) => void

/** The scaling of one thread: rows are pixels. */
export const channelScaling = (functions: Instances = instances()): Loop<ChannelScaling> => ({
  name: "channel scaling",
  rows: (data) => {
    const { channels, coefficients, dy, result, scaling, x, y } = data
    const call = functions<ScaleCall>(data, "scale", `${scaling} ${channels}`, () => scalingModule(scaling, channels))
    return (from, to) => {
      const [a, b, c, d] = [x, y, dy, result].map((address) => address + 4 * channels * from)
      call(a, b, c, d, coefficients, to - from)
    }
  }
})
