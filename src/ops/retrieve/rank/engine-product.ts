/** The product of queries and items on a tensor engine. Used in worker threads, so it does not import Effect. */
import { batchMatMul, plus } from "../../tensor/elementwise.ts"
import type { Engine } from "../../tensor/operations.ts"
import type { Tensor } from "../../tensor/tfjs.ts"
import { divided, each, partsOf, TILES_AT_ONCE } from "./parts.ts"

/** Some queries on the engine, ready to be multiplied with one tile of items after another. */
export interface Held {
  /**
   * Inner products of items with the queries.
   *
   * @param items float32 [n, d], row-major; do not change an array that is passed again
   * @returns float32 [n, q], row-major, valid until the next call
   */
  readonly times: (items: Float32Array, n: number) => Float32Array
  readonly release: () => void
}

/**
 * Prepares queries for products.
 *
 * @param queries float32 [q, d], row-major; not changed before `release`
 */
export type Product = (queries: Float32Array, q: number, d: number) => Held

const transposed = (rows: Float32Array, q: number, d: number): Float32Array => {
  const out = new Float32Array(rows.length)
  for (let row = 0; row < q; row++) for (let k = 0; k < d; k++) out[k * q + row] = rows[row * d + k]
  return out
}

type Tensors = ReadonlyArray<Tensor>

/** How queries and items, both divided into parts, are laid out on an engine, and how they are multiplied. */
interface Form {
  /** Number of query tiles that are multiplied at once. */
  readonly atOnce: number
  /** @param tiles [parts, q, width] each */
  readonly queries: (
    engine: Engine,
    tiles: ReadonlyArray<Float32Array>,
    parts: number,
    q: number,
    width: number
  ) => Tensors
  readonly items: (engine: Engine, items: Float32Array, parts: number, n: number, width: number) => Tensors
  /** Returns the products of all tiles, [tiles, n, q]. */
  readonly multiply: (engine: Engine, items: Tensors, queries: Tensors) => Tensor
}

const POINT = { stride: 1, padding: 0, dilation: 1 } as const

/**
 * The product as a 1 x 1 convolution. Items are the pixels of an image, in their own layout; only the few queries are
 * transposed, to be the filter. On WebAssembly, other forms of the matrix product take up to five times as long.
 */
const asPoints: Form = {
  atOnce: 1,
  queries: (engine, [tile], parts, q, width) =>
    each(tile, parts, (part) => engine.tensor(transposed(part, q, width), [1, 1, width, q])),
  items: (engine, items, parts, n, width) => each(items, parts, (part) => engine.tensor(part, [1, n, 1, width])),
  multiply: (engine, items, queries) => items.map((part, i) => engine.conv2d(part, queries[i], POINT)).reduce(plus)
}

/** All tiles, one after the other. */
const joined = (tiles: ReadonlyArray<Float32Array>): Float32Array => {
  const out = new Float32Array(tiles.length * tiles[0].length)
  tiles.forEach((tile, i) => {
    out.set(tile, i * tile.length)
  })
  return out
}

/**
 * The product of rows with rows, the fastest form on TensorFlow. Each tile is a product of its own, whose bits do not depend on
 * the other tiles, but one operation for several tiles takes a tenth less time than one for each.
 */
const asRows: Form = {
  atOnce: TILES_AT_ONCE,
  queries: (engine, tiles, parts, q, width) => [engine.tensor(joined(tiles), [tiles.length, parts, q, width])],
  items: (engine, items, parts, n, width) => [engine.tensor(items, [1, parts, n, width])],
  multiply: (_, [items], [queries]) => batchMatMul(items, queries, { transposeB: true }).sum(1)
}

const NOTHING = new Float32Array(0)

/** Queries that are held. */
interface Tile {
  /** float32 [parts, q, width]; nothing once they are on the engine. */
  queries: Float32Array
  readonly q: number
  readonly d: number
}

/** Tiles that are multiplied at once. */
interface Group {
  readonly tiles: ReadonlyArray<Tile>
  readonly tensors: Tensors
}

/** Groups of held tiles. A tile gets its group when it is first multiplied, together with tiles that were held after it. */
const grouping = (form: Form, hold: (tiles: ReadonlyArray<Tile>) => Tensors, dispose: (tensors: Tensors) => void) => {
  const waiting = new Set<Tile>()
  const groups = new Map<Tile, Group>()
  return {
    add: (tile: Tile) => void waiting.add(tile),
    of: (tile: Tile): Group => {
      const known = groups.get(tile)
      if (known !== undefined) return known
      const others = [...waiting].filter((one) => one !== tile && one.q === tile.q && one.d === tile.d)
      const tiles = [tile, ...others].slice(0, partsOf(tile.d) === 1 ? 1 : form.atOnce)
      const group: Group = { tiles, tensors: hold(tiles) }
      for (const one of tiles) {
        waiting.delete(one)
        groups.set(one, group)
        one.queries = NOTHING
      }
      return group
    },
    remove: (tile: Tile): void => {
      const group = groups.get(tile)
      waiting.delete(tile)
      groups.delete(tile)
      if (group !== undefined && !group.tiles.some((one) => groups.has(one))) dispose(group.tensors)
    },
    isEmpty: () => waiting.size === 0 && groups.size === 0
  }
}

/**
 * The product on a tensor engine, in the engine's fastest form. Queries stay on the engine until they are released. Items
 * stay until other items arrive, so each tile of items is uploaded once for all tiles of queries.
 */
export const engineProduct = (engine: Engine): Product => {
  const form = engine.name === "tensorflow" ? asRows : asPoints
  const kept = (make: () => Tensors) => engine.scope(() => make().map((tensor) => engine.keep(tensor)))
  let left: { readonly items: Float32Array; readonly tensors: Tensors } | undefined
  /** Memory for items in parts, and for products; allocating it for each tile would take longer than to fill it. */
  let [room, memory] = [NOTHING, NOTHING]
  /** What was multiplied last. */
  let done: { readonly items: Float32Array; readonly group: Group } | undefined
  const forget = () => {
    if (left !== undefined) engine.dispose(left.tensors)
    left = undefined
  }
  const groups = grouping(
    form,
    (tiles) => {
      const [{ d, q }] = tiles
      const parts = partsOf(d)
      return kept(() =>
        form.queries(
          engine,
          tiles.map(({ queries }) => queries),
          parts,
          q,
          d / parts
        )
      )
    },
    (tensors) => engine.dispose(tensors)
  )
  const hold = (items: Float32Array, n: number, d: number): Tensors => {
    const parts = partsOf(d)
    if (parts > 1 && room.length < items.length) room = new Float32Array(items.length)
    return kept(() => form.items(engine, divided(items, n, d, parts, room), parts, n, d / parts))
  }
  return (queries, q, d) => {
    const parts = partsOf(d)
    const own = divided(queries, q, d, parts, new Float32Array(parts > 1 ? queries.length : 0))
    const tile: Tile = { queries: own, q, d }
    groups.add(tile)
    return {
      times: (items, n) => {
        if (left?.items !== items) {
          forget()
          left = { items, tensors: hold(items, n, d) }
        }
        const { tensors } = left
        const group = groups.of(tile)
        if (done?.items !== items || done.group !== group) {
          const length = group.tiles.length * n * q
          if (memory.length < length) memory = new Float32Array(length)
          engine.scope(() => engine.readInto(form.multiply(engine, tensors, group.tensors), memory))
          done = { items, group }
        }
        const at = group.tiles.indexOf(tile) * n * q
        return memory.subarray(at, at + n * q)
      },
      release: () => {
        groups.remove(tile)
        if (!groups.isEmpty()) return
        forget()
        done = undefined
        room = memory = NOTHING
      }
    }
  }
}
