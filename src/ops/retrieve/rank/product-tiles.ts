/** Products of one tile of items with many tiles of queries, a loop that threads share. Threads run it, so it does not import Effect. */
import type { Loop } from "../../workers/loops.ts"
import type { Held, Product } from "./engine-product.ts"

/** Some queries, in shared memory. */
export interface HeldTile {
  /** Number that is unique among the tiles of a ranking. */
  readonly key: number
  /** float32 [q, d]. */
  readonly queries: Float32Array
  readonly q: number
  /** Receives the products, float32 [items, q]. */
  readonly products: Float32Array
}

/** A tile of items in shared memory, float32 [n, d], and the tiles of queries that it is multiplied with. */
export interface Multiplied {
  readonly items: Float32Array
  readonly n: number
  readonly d: number
  readonly tiles: ReadonlyArray<HeldTile>
}

/** Makes the loop of one thread, which keeps the queries on its engine as long as they are asked for. */
export const productTiles = (product: Product): Loop<Multiplied> => {
  const held = new Map<number, Held>()
  return {
    name: "products",
    rows: ({ d, items, n, tiles }) => {
      const wanted = new Set(tiles.map(({ key }) => key))
      for (const [key, one] of held) {
        if (wanted.has(key)) continue
        one.release()
        held.delete(key)
      }
      return (from, to) => {
        for (const { key, products, q, queries } of tiles.slice(from, to)) {
          const own = held.get(key) ?? product(queries, q, d)
          held.set(key, own)
          products.set(own.times(items, n))
        }
      }
    }
  }
}
