/**
 * The gradient of a filter as a product of tiles: rows are input channels for each cell of the filter, columns output channels,
 * terms all pixels of a chunk. `../filter-gradient.ts` has the same chunks and the same order of terms, so both give the same bits.
 */

import { COLUMNS } from "../../formats/wasm-tiles.ts"
import { CHUNK_ROWS, chunkImages } from "../filter-gradient.ts"
import { type ConvGeometry, isPointwise } from "../geometry.ts"
import { type Memory, sizeOf } from "../memory.ts"
import type { Info } from "../tfjs.ts"
import { type Chunk, imageChunk, pixelChunk } from "./chunks.ts"
import { isWorthTiles } from "./convolution.ts"
import { addressOf, type TileWork } from "./room.ts"
import { layout } from "./table.ts"

/**
 * Whether the gradient of a filter is computed by tiles, which depends on shapes alone. For fewer than eight columns, the
 * library adds up the terms in another order. A filter of 1x1 with a stride is left to the library, because its chunks are not
 * whole rows.
 */
export const fitsFilterTiles = (g: ConvGeometry): boolean =>
  g.groups === 1 && g.O % COLUMNS === 0 && (!isPointwise(g) || (g.stride === 1 && g.C >= COLUMNS)) && isWorthTiles(g)

const chunksOf = (plan: ReturnType<typeof layout>, g: ConvGeometry): ReadonlyArray<Chunk> => {
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
  const shape = [g.KH, g.KW, g.C, g.O]
  const size = sizeOf(shape)
  return work.within(plan.size(), (room) => {
    const [xAt, dyAt] = [x, dy].map((info) => addressOf(memory, info))
    work.spread(chunks.flatMap(({ spreads }) => spreads(room, xAt, dyAt)))
    const sets = chunks.flatMap(({ gaps, sets: setsOf, y }) => {
      if (gaps) room.floats.fill(0, y, y + size)
      return setsOf(room)
    })
    work.multiply({ sets, step: 16, panels: g.O / COLUMNS })
    const made = memory.make(shape)
    const sum = memory.values(made)
    chunks.forEach(({ y }, chunk) => {
      const part = room.floats.subarray(y, y + size)
      if (chunk === 0) sum.set(part)
      else for (let i = 0; i < size; i++) sum[i] += part[i]
    })
    return made
  })
}
