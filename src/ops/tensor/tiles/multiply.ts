/** Products of tiles in shared memory, a loop that threads share. Threads run it, so it does not import Effect. */

import { COLUMNS } from "../../formats/wasm-tiles.ts"
import type { Loop } from "../../workers/loops.ts"
import { ENTRY, type TileCall, tileModule } from "./assemble.ts"
import { type Instances, instances, type Shared } from "./instances.ts"

/** One set of tiles: every row of factors times every panel of eight columns. Addresses and gaps are in bytes. */
export interface Tiles {
  /** Address of the table of rows, see `ENTRY`, and number of its entries. */
  readonly table: number
  readonly tiles: number
  /** Address to which the offsets of rows are added. */
  readonly x: number
  /** Address of the first term in the first panel, and bytes from a panel to the next one. */
  readonly w: number
  readonly panelBytes: number
  /** Address to which the offsets of results are added, for the first panel; 32 bytes more for each further panel. */
  readonly y: number
  /** The terms of a sum, see `TileCall`. */
  readonly outer: number
  readonly outerGap: number
  readonly wGap: number
  readonly middle: number
  readonly middleGap: number
  readonly inner: number
}

/** Sets of tiles with equally many panels. */
export interface Multiplied extends Shared {
  readonly sets: ReadonlyArray<Tiles>
  /** Bytes from a row's factor to its next one. */
  readonly step: 4 | 16
  readonly panels: number
}

/** Multiplications of a unit of work, about 20 microseconds. */
const UNIT = 2 ** 18

/** Multiplications of one tile. */
const eachOf = ({ inner, middle, outer }: Tiles): number => 32 * outer * middle * inner

/** Fewest tiles of a unit, if there are as many: they share a panel, which is then in the cache. */
const TOGETHER = 8

/** Terms of a part of a sum. Their part of a panel stays in the fastest cache while it is used for all tiles of a unit. */
const TERMS = 512

/** Number of tiles of one unit of work. */
const blockOf = (set: Tiles): number =>
  Math.max(1, Math.min(set.tiles, Math.max(TOGETHER, Math.ceil(UNIT / eachOf(set)))))

const unitsOf = (set: Tiles, panels: number): number => panels * Math.ceil(set.tiles / blockOf(set))

/** Number of units of work. */
export const units = ({ panels, sets }: Pick<Multiplied, "panels" | "sets">): number =>
  sets.reduce((sum, set) => sum + unitsOf(set, panels), 0)

/** Number of multiplications. */
export const products = ({ panels, sets }: Pick<Multiplied, "panels" | "sets">): number =>
  sets.reduce((sum, set) => sum + panels * set.tiles * eachOf(set), 0)

/** Computes one unit of a set: some tiles times one panel. Units that follow each other share their tiles. */
const computeUnit = (call: TileCall, set: Tiles, panels: number, step: number, unit: number): void => {
  const block = blockOf(set)
  const panel = unit % panels
  const first = Math.floor(unit / panels) * block
  const { inner, middle, middleGap, outer, outerGap, wGap } = set
  const [table, count] = [set.table + first * ENTRY, Math.min(block, set.tiles - first)]
  const [w, y] = [set.w + panel * set.panelBytes, set.y + panel * 4 * COLUMNS]
  const most = Math.max(1, Math.floor(TERMS / (middle * inner)))
  const xBytes = middle * (inner * step + middleGap) + outerGap
  const wBytes = middle * inner * 4 * COLUMNS + wGap
  for (let from = 0; from < outer; from += most) {
    const [xFrom, wFrom, turns] = [set.x + from * xBytes, w + from * wBytes, Math.min(most, outer - from)]
    call(table, count, xFrom, wFrom, y, turns, outerGap, wGap, middle, middleGap, inner, from === 0 ? 0 : 1)
  }
}

/** The products of tiles, for one thread. Every sum is computed by one thread, so their number changes no bit. */
export const tileProducts = (functions: Instances = instances()): Loop<Multiplied> => ({
  name: "tile products",
  rows: (data) => {
    const call = functions<TileCall>(data, "tiles", data.step, () => tileModule(data.step))
    return (from, to) => {
      let begin = 0
      for (const set of data.sets) {
        const end = begin + unitsOf(set, data.panels)
        for (let unit = Math.max(from, begin); unit < Math.min(to, end); unit++)
          computeUnit(call, set, data.panels, data.step, unit - begin)
        begin = end
      }
    }
  }
})
