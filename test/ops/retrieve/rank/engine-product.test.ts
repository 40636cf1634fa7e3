/** Products on tensor engines, whole and in parts, against double precision. */
import { describe, expect, it } from "vitest"
import { engineProduct, partsOf } from "../../../../src/ops/retrieve/rank/engine-product.ts"
import { devices, opened } from "../../tensor/with-engine.ts"

const drawn = (length: number, seed: number): Float32Array => {
  let state = seed
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return 1 + state / 2 ** 31
  })
}

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

it("are divided into parts of at least 256 dimensions, at most eight", () => {
  expect([255, 256, 511, 512, 1536, 2048, 2050, 16384].map(partsOf)).toEqual([1, 1, 1, 2, 4, 8, 2, 8])
})
