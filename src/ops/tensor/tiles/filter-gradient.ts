/**
 * The gradient of a filter as a product of tiles: rows are input channels for each cell of the filter, columns output channels,
 * terms all pixels of a chunk. The chunks and the order of terms are those of `../filter-gradient.ts`, so the bits are, too.
 */
import { CHUNK_ROWS, chunkImages } from "../filter-gradient.ts"
import { type ConvGeometry, isPointwise } from "../geometry.ts"
import { type Memory, sizeOf } from "../memory.ts"
import type { Info } from "../tfjs.ts"
import { COLUMNS, ROWS } from "./assemble.ts"
import { filterAxis } from "./axis.ts"
import { columnAxis, rowAxis } from "./convolution.ts"
import type { Tiles } from "./multiply.ts"
import type { Room, TileWork } from "./room.ts"
import { entering, layout, tableSize, tilesOf } from "./table.ts"

/** Multiplications from which packing the operands costs less than the library's own preparations. */
const WORTH = 2 ** 18

/**
 * Whether the gradient of a filter is computed by tiles, which depends on shapes alone. For fewer than eight columns, the
 * library adds up the terms in another order.
 */
export const fitsFilterTiles = (g: ConvGeometry): boolean =>
  g.groups === 1 &&
  g.O % COLUMNS === 0 &&
  (!isPointwise(g) || g.C >= COLUMNS) &&
  g.N * g.OH * g.OW * g.O * g.KH * g.KW * g.C >= WORTH

/** A chunk of pixels with its place in the room. */
interface Chunk {
  /** Copies the operands, writes the tables and returns the sets. */
  readonly fill: (room: Room, x: Float32Array, dy: Float32Array) => ReadonlyArray<Tiles>
  /** Whether some cells of the filter meet no pixel. */
  readonly gaps: boolean
  /** Place of the result, float32 [KH, KW, C, O]. */
  readonly y: number
}

/** Copies the channels of one pixel of x, four to each channel tile; `apart` values from a tile to the next one. */
const putX = (from: Float32Array, source: number, C: number, to: Float32Array, target: number, apart: number): void => {
  for (let c = 0, tile = target; c < C; tile += apart) {
    for (let end = Math.min(C, c + ROWS), at = tile; c < end; c++, at++) to[at] = from[source + c]
  }
}

/** Copies the channels of one pixel of dy, eight to each panel; `apart` values from a panel to the next one. */
const putDy = (
  from: Float32Array,
  source: number,
  O: number,
  to: Float32Array,
  target: number,
  apart: number
): void => {
  for (let o = 0, panel = target; o < O; o += COLUMNS, panel += apart) {
    for (let j = 0; j < COLUMNS; j++) to[panel + j] = from[source + o + j]
  }
}

type Plan = ReturnType<typeof layout>

/** Pixels [from, to) of a convolution of 1x1: x is [channel tiles, pixels, 4], dy [panels, pixels, 8]. */
const pixelChunk = (plan: Plan, g: ConvGeometry, from: number, to: number): Chunk => {
  const count = to - from
  const x = plan.take(tilesOf(g.C) * ROWS * count)
  const [dy, table, y] = [g.O * count, tableSize(g.C), g.C * g.O].map(plan.take)
  const source = (pixel: number) => {
    const [n, left] = [Math.floor(pixel / (g.OH * g.OW)), pixel % (g.OH * g.OW)]
    return ((n * g.H + Math.floor(left / g.OW) * g.stride) * g.W + (left % g.OW) * g.stride) * g.C
  }
  return {
    ...{ gaps: false, y },
    fill: (room, xFrom, dyFrom) => {
      for (let i = 0; i < count; i++) {
        putX(xFrom, source(from + i), g.C, room.floats, x + ROWS * i, ROWS * count)
        putDy(dyFrom, (from + i) * g.O, g.O, room.floats, dy + COLUMNS * i, COLUMNS * count)
      }
      const { enter, finish } = entering(room, table)
      for (let c = 0; c < g.C; c++) enter(Math.floor(c / ROWS) * ROWS * count + (c % ROWS), c * g.O)
      finish()
      const addresses = { table: 4 * table, tiles: tilesOf(g.C), x: 4 * x, w: 4 * dy, y: 4 * y }
      const terms = { outer: 1, outerGap: 0, wGap: 0, middle: 1, middleGap: 0, inner: count }
      return [{ ...addresses, panelBytes: 4 * COLUMNS * count, ...terms }]
    }
  }
}

/**
 * Images [from, to) of a convolution. Columns of x that a stride apart see the same cell of the filter are neighbours: x is
 * [channel tiles, rows, stride, columns / stride, images, 4], and dy [panels, rows, columns, images, 8].
 */
const imageChunk = (plan: Plan, g: ConvGeometry, from: number, to: number): Chunk => {
  const [count, s] = [to - from, g.stride]
  const columns = Math.ceil(g.W / s)
  const rowSize = s * columns * count * ROWS
  const tileSize = g.H * rowSize
  const place = (row: number, column: number) =>
    row * rowSize + ((column % s) * columns + Math.floor(column / s)) * count * ROWS
  const [x, dy] = [tilesOf(g.C) * tileSize, g.OH * g.OW * count * g.O].map(plan.take)
  const y = plan.take(g.KH * g.KW * g.C * g.O)
  const groups = filterAxis(rowAxis(g)).flatMap((row) =>
    filterAxis(columnAxis(g)).map((column) => {
      const rows = row.targets.length * column.targets.length * g.C
      return { row, column, rows, table: plan.take(tableSize(rows)) }
    })
  )
  const copy = ({ floats }: Room, xFrom: Float32Array, dyFrom: Float32Array) => {
    for (let i = 0; i < count; i++) {
      let source = (from + i) * g.H * g.W * g.C
      for (let h = 0; h < g.H; h++) {
        for (let w = 0; w < g.W; w++, source += g.C) {
          putX(xFrom, source, g.C, floats, x + place(h, w) + ROWS * i, tileSize)
        }
      }
      let pixel = (from + i) * g.OH * g.OW * g.O
      for (let p = 0; p < g.OH * g.OW; p++, pixel += g.O) {
        putDy(dyFrom, pixel, g.O, floats, dy + (p * count + i) * COLUMNS, g.OH * g.OW * count * COLUMNS)
      }
    }
  }
  const enterAll = (room: Room, { column, row, table }: (typeof groups)[number]) => {
    const { enter, finish } = entering(room, table)
    for (let channel = 0; channel < g.C; channel += ROWS) {
      const tile = (channel / ROWS) * tileSize
      for (let a = 0; a < row.targets.length; a++) {
        for (let b = 0; b < column.targets.length; b++) {
          const [at, cell] = [
            tile + place(row.sources[a], column.sources[b]),
            row.targets[a] * g.KW + column.targets[b]
          ]
          for (let c = channel; c < Math.min(g.C, channel + ROWS); c++) enter(at + c - channel, (cell * g.C + c) * g.O)
        }
      }
    }
    finish()
  }
  return {
    gaps: groups.reduce((sum, { rows }) => sum + rows, 0) < g.KH * g.KW * g.C,
    y,
    fill: (room, xFrom, dyFrom) => {
      copy(room, xFrom, dyFrom)
      return groups.map((group): Tiles => {
        enterAll(room, group)
        const { column, row, rows, table } = group
        const inner = (column.to - column.from) * count
        return {
          ...{ table: 4 * table, tiles: tilesOf(rows), x: 4 * x, y: 4 * y },
          w: 4 * (dy + COLUMNS * count * (row.from * g.OW + column.from)),
          panelBytes: 4 * COLUMNS * count * g.OH * g.OW,
          ...{ outer: row.to - row.from, outerGap: 4 * (s * rowSize - inner * ROWS) },
          ...{ wGap: 4 * COLUMNS * (g.OW * count - inner), middle: 1, middleGap: 0, inner }
        }
      })
    }
  }
}

const chunksOf = (plan: Plan, g: ConvGeometry): ReadonlyArray<Chunk> => {
  const [all, size, make] = isPointwise(g)
    ? [g.N * g.OH * g.OW, CHUNK_ROWS, pixelChunk]
    : [g.N, chunkImages(g), imageChunk]
  return Array.from({ length: Math.ceil(all / size) }, (_, i) => make(plan, g, i * size, Math.min(all, (i + 1) * size)))
}

/**
 * Returns the gradient of a filter, float32 [KH, KW, C, O], for x [N, H, W, C] and dy [N, OH, OW, O], with the bits of
 * `filterGradient` for finite values; undefined if there is not enough room.
 */
export const tiledFilterGradient = (
  memory: Memory,
  work: TileWork,
  x: Info,
  dy: Info,
  g: ConvGeometry
): Info | undefined => {
  const plan = layout()
  const chunks = chunksOf(plan, g)
  const room = work.room(plan.size())
  if (room === undefined) return undefined
  const shape = [g.KH, g.KW, g.C, g.O]
  const size = sizeOf(shape)
  const sets = chunks.flatMap(({ fill, gaps, y }) => {
    if (gaps) room.floats.fill(0, y, y + size)
    return fill(room, memory.values(x), memory.values(dy))
  })
  work.multiply(room, { sets, step: 16, panels: g.O / COLUMNS })
  const made = memory.make(shape)
  const sum = memory.values(made)
  chunks.forEach(({ y }, chunk) => {
    const part = room.floats.subarray(y, y + size)
    if (chunk === 0) sum.set(part)
    else for (let i = 0; i < size; i++) sum[i] += part[i]
  })
  return made
}
