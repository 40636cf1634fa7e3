/** The product on WebAssembly, divided among threads that each have an engine of their own. */
import { Effect, type Scope } from "effect"
import type { Engine } from "../../tensor/engine.ts"
import type { Team } from "../../workers/loops.ts"
import { openTeam } from "../../workers/team.ts"
import { MOST_THREADS, Threads } from "../../workers/threads.ts"
import { ITEM_TILE, QUERY_TILE } from "./blocks.ts"
import { engineProduct, type Product } from "./engine-product.ts"
import { type HeldTile, productTiles } from "./product-tiles.ts"

/** Multiplications of a ranking, about two seconds on one thread, from which threads save more time than they cost. */
const WORTH_THREADS = 2 ** 35

/** Memory in bytes of a thread with an engine of its own. */
const ENGINE_BYTES = 128 * 2 ** 20

/**
 * Number of threads that multiply on WebAssembly: one if there is little to multiply or little memory.
 *
 * @param work queries times database images times dimensions
 * @param budget bytes, of which the other threads may use a quarter
 */
export const productThreads = (work: number, budget: number): Effect.Effect<number> =>
  Effect.map(Threads, (threads) =>
    work < WORTH_THREADS ? 1 : Math.min(threads, MOST_THREADS, 1 + Math.floor(budget / 4 / ENGINE_BYTES))
  )

const floats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length))

/**
 * The product of a WebAssembly engine, shared by a team. The first query tile that meets a tile of items has it multiplied with
 * all query tiles that are held. Every tile is multiplied whole by one thread, so the team changes no digit.
 */
export const teamProduct = (engine: Engine, team: Team): Product => {
  const loop = productTiles(engineProduct(engine))
  const tiles = new Map<number, HeldTile>()
  /** Memory of released tiles, which the next ones use: threads free shared memory late. */
  const free: Array<Pick<HeldTile, "products" | "queries">> = []
  let [keys, room, done]: [number, Float32Array, Float32Array | undefined] = [0, floats(0), undefined]
  const multiply = (items: Float32Array, n: number, d: number) => {
    if (room.length < n * d) room = floats(n * d)
    const shared = room.subarray(0, n * d)
    shared.set(items)
    const all = [...tiles.values()].map((tile) => ({ ...tile, products: tile.products.subarray(0, n * tile.q) }))
    team.run(loop, { items: shared, n, d, tiles: all }, all.length)
    done = items
  }
  return (queries, q, d) => {
    const key = keys++
    const memory = free.pop() ?? { queries: floats(QUERY_TILE * d), products: floats(ITEM_TILE * QUERY_TILE) }
    const own = { key, q, queries: memory.queries.subarray(0, q * d), products: memory.products }
    own.queries.set(queries)
    tiles.set(key, own)
    done = undefined
    return {
      times: (items, n) => {
        if (done !== items) multiply(items, n, d)
        return own.products.subarray(0, n * q)
      },
      release: () => {
        tiles.delete(key)
        free.push(memory)
        // Without tiles, the loop of this thread releases its own.
        if (tiles.size === 0) loop.rows({ items: room, n: 0, d, tiles: [] })
      }
    }
  }
}

/** A product with a team of its own, which ends with the scope. */
export const threadedProduct = (engine: Engine, threads: number): Effect.Effect<Product, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => openTeam(new URL("./product-work.ts", import.meta.url), threads)),
      (team) => Effect.sync(team.close)
    ),
    (team) => teamProduct(engine, team)
  )
