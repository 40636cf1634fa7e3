/**
 * The convolution and its gradient with respect to the input as products of tiles: rows are pixels of the result, columns its
 * channels, terms the cells of the filter that meet the image.
 */

import { COLUMNS } from "../../formats/wasm-tiles.ts"
import type { ConvGeometry } from "../geometry.ts"
import type { Memory } from "../memory.ts"
import type { Info } from "../tfjs.ts"
import { type Axis, backwardAxis, forwardAxis, type Positions, phaseLength } from "./axis.ts"
import type { Tiles } from "./multiply.ts"
import { addressOf, type Room, type TileWork } from "./room.ts"
import { entering, layout, tableSize, tilesOf } from "./table.ts"

/** Rows of an image. */
export const rowAxis = (g: ConvGeometry): Axis => ({
  ...{ input: g.H, filter: g.KH, output: g.OH, before: g.top },
  ...{ stride: g.stride, dilation: g.dilation }
})
/** Columns of an image. */
export const columnAxis = (g: ConvGeometry): Axis => ({
  ...{ input: g.W, filter: g.KW, output: g.OW, before: g.left },
  ...{ stride: g.stride, dilation: g.dilation }
})

/** A part of the filter, in panels: place of the first one, cells of rows and columns. */
interface Part {
  readonly at: number
  readonly rows: number
  readonly columns: number
}

/** Sizes of a product: images from [N, height, width, channels] to the same of the result. */
interface Shape {
  readonly N: number
  readonly from: readonly [height: number, width: number, channels: number]
  readonly to: readonly [height: number, width: number, channels: number]
  readonly rows: ReadonlyArray<Positions>
  readonly columns: ReadonlyArray<Positions>
  /** Distance of neighbouring cells of the filter in the input. */
  readonly dilation: number
}

/** Pixels of the result at which the same cells of the filter count, and the place of their table. */
interface Group {
  readonly row: Positions
  readonly column: Positions
  readonly count: number
  readonly table: number
}

/** Enters the pixels of a group, by the places of their first factors and of their results. */
const enterAll = ({ N, from, to }: Shape, room: Room, { column, row, table }: Group): void => {
  const [height, width, channels] = from
  const [toHeight, toWidth, toChannels] = to
  const { enter, finish } = entering(room, table)
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < row.targets.length; i++) {
      const source = (n * height + row.sources[i]) * width
      const target = (n * toHeight + row.targets[i]) * toWidth
      for (let j = 0; j < column.targets.length; j++) {
        enter((source + column.sources[j]) * channels, (target + column.targets[j]) * toChannels)
      }
    }
  }
  finish()
}

/** Reserves the room of a product besides the filter, and returns a function that computes it. */
const planned = (shape: Shape, plan: ReturnType<typeof layout>) => {
  const { N, columns, dilation, from, rows, to } = shape
  const [, width, channels] = from
  const [toHeight, toWidth, toChannels] = to
  const groups = rows.flatMap((row) =>
    columns.map((column): Group => {
      const count = N * row.targets.length * column.targets.length
      return { row, column, count, table: plan.take(tableSize(count)) }
    })
  )
  const setOf = ({ column, count, row, table }: Group, part: Part, room: Room, x: number, y: number): Tiles => {
    const cells = column.to - column.from
    const first = (row.from * part.columns + column.from) * channels
    return {
      ...{ table: room.at + 4 * table, tiles: tilesOf(count), x, y },
      ...{
        w: room.at + 4 * (part.at + COLUMNS * first),
        panelBytes: 4 * COLUMNS * part.rows * part.columns * channels
      },
      ...{ outer: row.to - row.from, outerGap: 4 * dilation * (width - cells) * channels },
      wGap: 4 * COLUMNS * (part.columns - cells) * channels,
      // Without dilation, the cells of one row of the filter are neighbours in the image.
      ...(dilation === 1 ? { middle: 1, inner: cells * channels } : { middle: cells, inner: channels }),
      middleGap: 4 * (dilation - 1) * channels
    }
  }
  /** Whether some results have no term. */
  const gaps = groups.reduce((sum, { count }) => sum + count, 0) < N * toHeight * toWidth
  /** Makes the result for the images `x`. @param partOf the part of the filter of two phases */
  return (memory: Memory, work: TileWork, room: Room, x: Info, partOf: (row: number, column: number) => Part): Info => {
    const made = memory.make([N, toHeight, toWidth, toChannels])
    try {
      if (gaps) memory.values(made).fill(0)
      const [from, to] = [addressOf(memory, x), addressOf(memory, made)]
      const sets = groups.map((group) => {
        enterAll(shape, room, group)
        return setOf(group, partOf(group.row.phase, group.column.phase), room, from, to)
      })
      work.multiply({ sets, step: 4, panels: toChannels / COLUMNS })
      return made
    } catch (fault) {
      memory.free(made)
      throw fault
    }
  }
}

/** Copies a filter [terms, O] in panels of eight output channels, each [terms, 8]. */
const intoPanels = (from: Float32Array, to: Float32Array, at: number, terms: number, O: number): void => {
  let target = at
  for (let panel = 0; panel < O; panel += COLUMNS) {
    for (let k = 0; k < terms; k++) {
      const source = k * O + panel
      for (let j = 0; j < COLUMNS; j++) to[target++] = from[source + j]
    }
  }
}

/** Multiplications from which packing the operands costs less than the library's own preparations. */
const WORTH = 2 ** 18

/** Whether a convolution is large enough for tiles. */
export const isWorthTiles = (g: ConvGeometry): boolean => g.N * g.OH * g.OW * g.O * g.KH * g.KW * g.C >= WORTH

/** Whether a convolution is computed by tiles, which depends on its shape alone. */
export const fitsTiles = (g: ConvGeometry): boolean => g.groups === 1 && g.O % COLUMNS === 0 && isWorthTiles(g)

/** Whether the gradient of its input is computed by tiles. */
export const fitsInputTiles = (g: ConvGeometry): boolean =>
  g.groups === 1 && g.C % COLUMNS === 0 && (g.stride === 1 || g.dilation === 1) && isWorthTiles(g)

/**
 * Returns the convolution of x [N, H, W, C] and w [KH, KW, C, O], [N, OH, OW, O], with the bits of the library's kernel for
 * finite values; undefined if there is not enough room.
 */
export const convolved = (memory: Memory, work: TileWork, x: Info, w: Info, g: ConvGeometry): Info | undefined => {
  const plan = layout()
  const at = plan.take(g.KH * g.KW * g.C * g.O)
  const shape: Shape = {
    ...{ N: g.N, from: [g.H, g.W, g.C], to: [g.OH, g.OW, g.O], dilation: g.dilation },
    ...{ rows: forwardAxis(rowAxis(g)), columns: forwardAxis(columnAxis(g)) }
  }
  const multiply = planned(shape, plan)
  return work.within(plan.size(), (room) => {
    intoPanels(memory.values(w), room.floats, at, g.KH * g.KW * g.C, g.O)
    return multiply(memory, work, room, x, () => ({ at, rows: g.KH, columns: g.KW }))
  })
}

/**
 * Copies the cells of one phase of a filter w [KH, KW, C, O], in descending order, in panels of eight input channels, each
 * [rows, columns, O, 8].
 */
const turnedPanels = (
  w: Float32Array,
  to: Float32Array,
  { at, columns, rows }: Part,
  g: ConvGeometry,
  phases: readonly [number, number]
): void => {
  let target = at
  for (let panel = 0; panel < g.C; panel += COLUMNS) {
    for (let i = rows - 1; i >= 0; i--) {
      for (let j = columns - 1; j >= 0; j--) {
        const cell = ((phases[0] + i * g.stride) * g.KW + phases[1] + j * g.stride) * g.C + panel
        for (let o = 0; o < g.O; o++) {
          for (let c = 0, source = cell * g.O + o; c < COLUMNS; c++, source += g.O) to[target++] = w[source]
        }
      }
    }
  }
}

/**
 * Returns the gradient of x for dy [N, OH, OW, O] and w [KH, KW, C, O], [N, H, W, C], with the bits of `inputGradient` for
 * finite values; undefined if there is not enough room.
 */
export const tiledInputGradient = (
  memory: Memory,
  work: TileWork,
  dy: Info,
  w: Info,
  g: ConvGeometry
): Info | undefined => {
  const plan = layout()
  const [rowsOf, columnsOf] = [rowAxis(g), columnAxis(g)]
  const parts = Array.from({ length: g.stride ** 2 }, (_, i): Part & { readonly phases: readonly [number, number] } => {
    const phases = [Math.floor(i / g.stride), i % g.stride] as const
    const [rows, columns] = [phaseLength(rowsOf, phases[0]), phaseLength(columnsOf, phases[1])]
    return { at: plan.take(Math.max(0, rows) * Math.max(0, columns) * g.C * g.O), rows, columns, phases }
  })
  const shape: Shape = {
    ...{ N: g.N, from: [g.OH, g.OW, g.O], to: [g.H, g.W, g.C], dilation: g.dilation },
    ...{ rows: backwardAxis(rowsOf), columns: backwardAxis(columnsOf) }
  }
  const multiply = planned(shape, plan)
  return work.within(plan.size(), (room) => {
    for (const part of parts) turnedPanels(memory.values(w), room.floats, part, g, part.phases)
    return multiply(memory, work, room, dy, (row, column) => parts[row * g.stride + column])
  })
}
