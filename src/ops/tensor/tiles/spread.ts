/** Copies images into panels, a loop that threads share. Threads run it, so it does not import Effect. */
import { again, type Code, end, get, increase, loop, moduleOf, plus, set, v128 } from "../../formats/wasm.ts"
import { MOST_PAGES } from "../../wasm.ts"
import type { Loop } from "../../workers/loops.ts"
import { type Instances, instances, type Shared } from "./instances.ts"

/** Images that are copied: each pixel's channels go to panels of `4 vectors` channels. Addresses and distances are in bytes. */
export interface Spread {
  /** Address of the images, float32 [images, height, width, channels]. */
  readonly source: number
  readonly images: number
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Vectors of four channels in a panel. */
  readonly vectors: 1 | 2
  /** Address of the first panel's first pixel, and distance to the next panel. */
  readonly target: number
  readonly panelBytes: number
  /** Distances to the next image, to the next row, and to the next pixel of the same phase. */
  readonly imageBytes: number
  readonly rowBytes: number
  readonly pixelBytes: number
  /** Every `stride`-th column is of the same phase; distance to the next phase. */
  readonly stride: number
  readonly phaseBytes: number
}

export interface Spreads extends Shared {
  readonly spreads: ReadonlyArray<Spread>
}

/** Copies pixels: the source, its distance from pixel to pixel, their number, the target, its distance, panels, their distance. */
type SpreadCall = (
  source: number,
  step: number,
  pixels: number,
  target: number,
  pixelBytes: number,
  panels: number,
  panelBytes: number
) => void

const [SOURCE, STEP, PIXELS, TARGET, PIXEL_BYTES, PANELS, PANEL_BYTES] = [0, 1, 2, 3, 4, 5, 6]
const [FROM, TO, LEFT] = [7, 8, 9]

const spreadModule = (vectors: number): Uint8Array => {
  const copy = (at: number): Code => [...get(TO), ...get(FROM), ...v128.load(at), ...v128.store(at)]
  const body: Code = [
    ...loop,
    ...[...get(SOURCE), ...set(FROM), ...get(TARGET), ...set(TO), ...get(PANELS), ...set(LEFT), ...loop],
    ...Array.from({ length: vectors }, (_, i) => copy(16 * i)).flat(),
    ...[...increase(FROM, 16 * vectors), ...plus(TO, PANEL_BYTES), ...again(LEFT), ...end],
    ...[...plus(SOURCE, STEP), ...plus(TARGET, PIXEL_BYTES), ...again(PIXELS), ...end]
  ]
  return moduleOf({ name: "spread", parameters: 7, returns: false, locals: 3, body, pages: 0, most: MOST_PAGES })
}

/** Number of rows of all images. */
export const rowsOf = (spreads: ReadonlyArray<Spread>): number =>
  spreads.reduce((sum, { height, images }) => sum + images * height, 0)

/** Copies one row of an image. If its channels do not fill the last panel, the values after them in memory fill it. */
const spreadRow = (call: SpreadCall, one: Spread, row: number): void => {
  const { channels, height, stride, vectors, width } = one
  const source = one.source + 4 * row * width * channels
  const target = one.target + Math.floor(row / height) * one.imageBytes + (row % height) * one.rowBytes
  const panels = Math.ceil(channels / (4 * vectors))
  for (let phase = 0; phase < Math.min(stride, width); phase++) {
    const pixels = Math.ceil((width - phase) / stride)
    const [from, to] = [source + 4 * phase * channels, target + phase * one.phaseBytes]
    call(from, 4 * stride * channels, pixels, to, one.pixelBytes, panels, one.panelBytes)
  }
}

/** The copies of one thread. */
export const tileSpreads = (functions: Instances = instances()): Loop<Spreads> => ({
  name: "tile spreads",
  rows: (data) => (from, to) => {
    let begin = 0
    for (const one of data.spreads) {
      const call = functions<SpreadCall>(data, "spread", one.vectors, () => spreadModule(one.vectors))
      const last = begin + one.images * one.height
      for (let row = Math.max(from, begin); row < Math.min(to, last); row++) spreadRow(call, one, row - begin)
      begin = last
    }
  }
})
