/** Chunks of pixels whose products add up to the gradient of a filter, and where their operands lie in the room. */

import { COLUMNS, ROWS } from "../../formats/wasm-tiles.ts"
import type { ConvGeometry } from "../geometry.ts"
import { filterAxis, type Positions } from "./axis.ts"
import { columnAxis, rowAxis } from "./convolution.ts"
import type { Tiles } from "./multiply.ts"
import type { Room } from "./room.ts"
import type { Spread } from "./spread.ts"
import { entering, type layout, tableSize, tilesOf } from "./table.ts"

type Plan = ReturnType<typeof layout>

/** A chunk of pixels with its place in the room. */
export interface Chunk {
  /** How the operands, which begin at the addresses `x` and `dy`, are copied into panels in the room. */
  readonly spreads: (room: Room, x: number, dy: number) => ReadonlyArray<Spread>
  /** Writes the tables and returns the sets. */
  readonly sets: (room: Room) => ReadonlyArray<Tiles>
  /** Whether some cells of the filter meet no pixel. */
  readonly gaps: boolean
  /** Place of the result, float32 [KH, KW, C, O]. */
  readonly y: number
}

/** Pixels [from, to) of a convolution of 1x1 and stride 1: x is [channel tiles, pixels, 4], dy [panels, pixels, 8]. */
export const pixelChunk = (plan: Plan, g: ConvGeometry, from: number, to: number): Chunk => {
  const count = to - from
  const x = plan.take(tilesOf(g.C) * ROWS * count)
  const [dy, table, y] = [g.O * count, tableSize(g.C), g.C * g.O].map((size) => plan.take(size))
  const row = { images: 1, height: 1, width: count, imageBytes: 0, rowBytes: 0, stride: 1, phaseBytes: 0 }
  const panels = (channels: number, source: number, target: number, vectors: 1 | 2): Spread => {
    const [pixelBytes, addresses] = [16 * vectors, { source: source + 4 * from * channels, target }]
    return { ...row, ...addresses, channels, vectors, pixelBytes, panelBytes: pixelBytes * count }
  }
  return {
    ...{ gaps: false, y },
    spreads: ({ at }, xAt, dyAt) => [panels(g.C, xAt, at + 4 * x, 1), panels(g.O, dyAt, at + 4 * dy, 2)],
    sets: (room) => {
      const { enter, finish } = entering(room, table)
      for (let c = 0; c < g.C; c++) enter(Math.floor(c / ROWS) * ROWS * count + (c % ROWS), c * g.O)
      finish()
      const [xAt, w, yAt] = [x, dy, y].map((place) => room.at + 4 * place)
      const addresses = { table: room.at + 4 * table, tiles: tilesOf(g.C), x: xAt, w, y: yAt }
      const terms = { outer: 1, outerGap: 0, wGap: 0, middle: 1, middleGap: 0, inner: count }
      return [{ ...addresses, panelBytes: 4 * COLUMNS * count, ...terms }]
    }
  }
}

/** Sizes and places of a chunk of images, in values. */
interface Images {
  readonly g: ConvGeometry
  readonly from: number
  readonly count: number
  /** Columns of a phase; values of one row and of one channel tile. */
  readonly columns: number
  readonly rowSize: number
  readonly tileSize: number
  readonly x: number
  readonly dy: number
  readonly y: number
}

const imagesOf = (plan: Plan, g: ConvGeometry, from: number, to: number): Images => {
  const [count, columns] = [to - from, Math.ceil(g.W / g.stride)]
  const rowSize = g.stride * columns * count * ROWS
  const tileSize = g.H * rowSize
  const sizes = [tilesOf(g.C) * tileSize, g.OH * g.OW * count * g.O, g.KH * g.KW * g.C * g.O]
  const [x, dy, y] = sizes.map((size) => plan.take(size))
  return { g, from, count, columns, rowSize, tileSize, x, dy, y }
}

const spreadX = ({ columns, count, from, g, rowSize, tileSize, x }: Images, { at }: Room, source: number): Spread => ({
  ...{ images: count, height: g.H, width: g.W, channels: g.C, vectors: 1, stride: g.stride },
  ...{ source: source + 4 * from * g.H * g.W * g.C, target: at + 4 * x, panelBytes: 4 * tileSize },
  ...{ imageBytes: 4 * ROWS, rowBytes: 4 * rowSize, phaseBytes: 4 * ROWS * count * columns },
  pixelBytes: 4 * ROWS * count
})

const spreadDy = ({ count, dy, from, g }: Images, { at }: Room, source: number): Spread => ({
  ...{ images: count, height: g.OH, width: g.OW, channels: g.O, vectors: 2, stride: 1, phaseBytes: 0 },
  ...{ source: source + 4 * from * g.OH * g.OW * g.O, target: at + 4 * dy, imageBytes: 4 * COLUMNS },
  ...{ panelBytes: 4 * COLUMNS * count * g.OH * g.OW, rowBytes: 4 * COLUMNS * count * g.OW },
  pixelBytes: 4 * COLUMNS * count
})

/** Cells of the filter that meet the same outputs, with their table. */
interface Cells {
  readonly row: Positions
  readonly column: Positions
  /** Number of cells times channels. */
  readonly rows: number
  readonly table: number
}

/** Enters each channel of each cell. */
const enterCells = (
  { columns, count, g, rowSize, tileSize }: Images,
  room: Room,
  { column, row, table }: Cells
): void => {
  const { enter, finish } = entering(room, table)
  const place = (i: number, j: number) =>
    i * rowSize + ((j % g.stride) * columns + Math.floor(j / g.stride)) * count * ROWS
  for (let channel = 0; channel < g.C; channel += ROWS) {
    const tile = (channel / ROWS) * tileSize
    for (let a = 0; a < row.targets.length; a++) {
      for (let b = 0; b < column.targets.length; b++) {
        const at = tile + place(row.sources[a], column.sources[b])
        const cell = row.targets[a] * g.KW + column.targets[b]
        for (let c = channel; c < Math.min(g.C, channel + ROWS); c++) enter(at + c - channel, (cell * g.C + c) * g.O)
      }
    }
  }
  finish()
}

const setOf = ({ count, dy, g, rowSize, x, y }: Images, { at }: Room, { column, row, rows, table }: Cells): Tiles => {
  const inner = (column.to - column.from) * count
  return {
    ...{ table: at + 4 * table, tiles: tilesOf(rows), x: at + 4 * x, y: at + 4 * y },
    w: at + 4 * (dy + COLUMNS * count * (row.from * g.OW + column.from)),
    panelBytes: 4 * COLUMNS * count * g.OH * g.OW,
    ...{ outer: row.to - row.from, outerGap: 4 * (g.stride * rowSize - inner * ROWS) },
    ...{ wGap: 4 * COLUMNS * (g.OW * count - inner), middle: 1, middleGap: 0, inner }
  }
}

/**
 * Images [from, to) of a convolution. Columns of x that are a stride apart see the same cell of the filter, so they are
 * neighbours: x is [channel tiles, rows, stride, columns / stride, images, 4], and dy [panels, rows, columns, images, 8].
 */
export const imageChunk = (plan: Plan, g: ConvGeometry, from: number, to: number): Chunk => {
  const images = imagesOf(plan, g, from, to)
  const groups = filterAxis(rowAxis(g)).flatMap((row) =>
    filterAxis(columnAxis(g)).map((column): Cells => {
      const rows = row.targets.length * column.targets.length * g.C
      return { row, column, rows, table: plan.take(tableSize(rows)) }
    })
  )
  return {
    gaps: groups.reduce((sum, { rows }) => sum + rows, 0) < g.KH * g.KW * g.C,
    y: images.y,
    spreads: (room, x, dy) => [spreadX(images, room, x), spreadDy(images, room, dy)],
    sets: (room) =>
      groups.map((cells) => {
        enterCells(images, room, cells)
        return setOf(images, room, cells)
      })
  }
}
