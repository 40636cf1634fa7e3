/** Products on tensor engines, whole and in parts, against double precision. */
import { describe, expect, it } from "vitest"
import { engineProduct } from "../../../../src/ops/retrieve/rank/engine-product.ts"
import { partsOf } from "../../../../src/ops/retrieve/rank/parts.ts"
import { devices, noise, opened } from "../../tensor/with-engine.ts"

/** Values in [0, 2). */
const drawn = (length: number, seed: number): Float32Array => Float32Array.from(noise([length], seed, 1).data)

/** Largest error of the products of tiles of items with queries, relative to the sum of the products' absolute values. */
const errorOf = (products: Float32Array, items: Float32Array, queries: Float32Array, q: number, d: number): number =>
  products.reduce((worst, product, at) => {
    const [row, column] = [Math.floor(at / q) * d, (at % q) * d]
    let sum = 0
    for (let k = 0; k < d; k++) sum += items[row + k] * queries[column + k]
    return Math.max(worst, Math.abs(product - sum) / sum)
  }, 0)

describe.each(devices)("products on %s", (device) => {
  it.each([24, 512, 1536, 2048, 2050])("of %d dimensions have the error of sums of their parts", async (d) => {
    const engine = await opened(device)
    const before = engine.live()
    const [q, n] = [5, 67]
    const [queries, others] = [drawn(q * d, 1), drawn(2 * d, 2)]
    const product = engineProduct(engine)
    const [held, second] = [product(queries, q, d), product(others, 2, d)]
    const parts = partsOf(d)
    const most = (d / parts + parts) * 2 ** -24
    for (const [seed, count] of [
      [3, n],
      [4, 9]
    ]) {
      const items = drawn(count * d, seed)
      expect(errorOf(held.times(items, count), items, queries, q, d)).toBeLessThanOrEqual(most)
      expect(errorOf(second.times(items, count), items, others, 2, d)).toBeLessThanOrEqual(most)
    }
    held.release()
    second.release()
    expect(engine.live()).toBe(before)
  })
})

describe.each(devices)("several tiles of queries on %s", (device) => {
  it("have the bits of each tile alone, in any order, whichever are held", async () => {
    const engine = await opened(device)
    const before = engine.live()
    const [d, n] = [1024, 130]
    const sizes = [64, 64, 64, 64, 64, 64, 10]
    const queries = sizes.map((q, i) => drawn(q * d, 10 + i))
    const tiles = [drawn(n * d, 3), drawn(9 * d, 4)]
    const alone = queries.map((tile, i) => {
      const held = engineProduct(engine)(tile, sizes[i], d)
      const found = tiles.map((items) => [...held.times(items, items.length / d)])
      held.release()
      return found
    })
    const product = engineProduct(engine)
    const held = queries.slice(0, 6).map((tile, i) => product(tile, sizes[i], d))
    const check = (i: number, t: number) =>
      expect([...held[i].times(tiles[t], tiles[t].length / d)]).toEqual(alone[i][t])
    for (const i of [2, 0, 5]) check(i, 0)
    held.push(product(queries[6], sizes[6], d))
    held[0].release()
    for (const i of [1, 6, 3, 4, 5, 2]) for (const t of [1, 0]) check(i, t)
    for (const one of held.slice(1)) one.release()
    expect(engine.live()).toBe(before)
  })
})

it("are divided into parts of at least 256 dimensions, at most four", () => {
  expect([255, 256, 511, 512, 1536, 2048, 2050, 16384].map(partsOf)).toEqual([1, 1, 1, 2, 4, 4, 2, 4])
})
