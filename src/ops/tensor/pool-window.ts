/** The gradient of one window of max-pooling by WebAssembly SIMD, four channels at a time, in the memory of the engine. */
import { again, type Code, end, f32x4, get, i32, increase, loop, moduleOf, plus, set, v128 } from "../formats/wasm.ts"
import { functionsOf, MOST_PAGES, type WasmMemory, wasm } from "../wasm.ts"
import type { Memory } from "./memory.ts"

/** Channels of a vector. */
const LANES = 4

/**
 * Adds a window's gradient to its first maximum, for each channel. All arguments but the lengths are in bytes.
 *
 * @param x,dx addresses of the window's first value, and of its gradient
 * @param y,dy addresses of the maxima and of their gradients
 * @param rows,columns size of the window, at least 1
 * @param gap from the end of a row of the window to its next row
 */
export type GiveWindow = (
  x: number,
  dx: number,
  y: number,
  dy: number,
  rows: number,
  columns: number,
  gap: number
) => void

const [X, DX, Y, DY, ROWS, COLUMNS, GAP] = [0, 1, 2, 3, 4, 5, 6]
const [AT, TO, ROW, COLUMN, CHANNELS] = [7, 8, 9, 10, 11]
const [MAXIMUM, GIVEN, TAKEN, HERE] = [12, 13, 14, 15]

const loaded = (address: number, vector: number): Code => [...get(address), ...v128.load(0), ...set(vector)]

const bodyOf = (channels: number): Code => [
  ...[...i32.const(channels / LANES), ...set(CHANNELS), ...loop],
  ...[...loaded(Y, MAXIMUM), ...loaded(DY, GIVEN), ...v128.zero, ...set(TAKEN)],
  ...[...get(X), ...set(AT), ...get(DX), ...set(TO), ...get(ROWS), ...set(ROW), ...loop],
  ...[...get(COLUMNS), ...set(COLUMN), ...loop],
  ...[...get(AT), ...v128.load(0), ...get(MAXIMUM), ...f32x4.equal, ...get(TAKEN), ...v128.andNot, ...set(HERE)],
  ...[
    ...get(TO),
    ...get(TO),
    ...v128.load(0),
    ...get(HERE),
    ...get(GIVEN),
    ...v128.and,
    ...f32x4.add,
    ...v128.store(0)
  ],
  ...[...get(TAKEN), ...get(HERE), ...v128.or, ...set(TAKEN)],
  ...[...increase(AT, 4 * channels), ...increase(TO, 4 * channels), ...again(COLUMN), ...end],
  ...[...plus(AT, GAP), ...plus(TO, GAP), ...again(ROW), ...end],
  ...[X, DX, Y, DY].flatMap((address) => increase(address, 4 * LANES)),
  ...[...again(CHANNELS), ...end]
]

/** Whether the function can be made for some number of channels. */
export const fitsVectors = (channels: number): boolean => channels % LANES === 0

/** The module of the function `give` for some number of channels, on a memory like this one. */
export const windowModule = (channels: number, { buffer }: WasmMemory): Uint8Array =>
  moduleOf({
    ...{ name: "give", parameters: 7, returns: false, locals: 5, vectors: 4, body: bodyOf(channels) },
    ...{ pages: 0, most: buffer instanceof ArrayBuffer ? undefined : MOST_PAGES }
  })

/** Functions of a memory by the number of channels. */
const made = new WeakMap<WasmMemory, Map<number, GiveWindow>>()

/** The function for some number of channels; undefined if the engine has no WebAssembly, or channels are no multiple of 4. */
export const givingWindows = ({ heap }: Memory, channels: number): GiveWindow | undefined => {
  if (heap === undefined || wasm === undefined || !fitsVectors(channels)) return undefined
  const functions = made.get(heap) ?? new Map<number, GiveWindow>()
  made.set(heap, functions)
  const known = functions.get(channels)
  if (known !== undefined) return known
  const bytes = windowModule(channels, heap)
  if (!wasm.validate(bytes)) return undefined
  const { give } = functionsOf(bytes, heap) as { readonly give: GiveWindow }
  functions.set(channels, give)
  return give
}
