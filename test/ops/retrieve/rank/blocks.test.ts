import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { blocksFor, QUERY_TILE } from "../../../../src/ops/retrieve/rank/blocks.ts"
import { runs } from "../../../runs.ts"

const MIB = 2 ** 20

/**
 * What a division takes, written out: two copies of tiles (one more of items, and one of products for each part, where vectors are divided), four products at once, scores of all queries at once, two lists of doubles to sort and
 * three for near ties in each thread, two rankings, and what threads beside this one load and four rows that they have sorted.
 */
const taken = (n: number, q: number, d: number, queries: number, rows: number, threads = 1) => {
  const [items, tile] = [Math.min(n, 1024), Math.min(q, QUERY_TILE)]
  const tiles = Math.ceil(Math.min(queries, Math.ceil(q / QUERY_TILE) * QUERY_TILE) / QUERY_TILE)
  const parts = [4, 2].find((count) => d % count === 0 && d / count >= 256)
  const product =
    parts === undefined
      ? 2 * items * d + 2 * tile * d + 2 * items * tile
      : 3 * items * d + 2 * tile * d + 4 * (2 + parts) * items * tile
  const floats = product + threads * 10 * n + tiles * tile * (d + n) + 2 * rows * 2 * n
  return 4 * floats + (threads > 1 ? threads * (40 * MIB + 4 * 8 * n) : 0)
}

const sizes = fc.record({
  n: fc.integer({ min: 1, max: 600_000 }),
  q: fc.integer({ min: 1, max: 120_000 }),
  d: fc.integer({ min: 1, max: 4096 }),
  rows: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
  threads: fc.constantFrom(1, 2, 3, 16)
})

describe("blocks", () => {
  it("fit the budget, in whole tiles, or are refused", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 2 ** 33 }), ({ d, n, q, rows, threads }, budget) => {
        let blocks: ReturnType<typeof blocksFor>
        try {
          blocks = blocksFor(n, q, d, budget, rows, threads)
        } catch (fault) {
          expect((fault as Error).message).toMatch(/^memory: .* too little to rank/)
          const least = taken(n, q, d, QUERY_TILE, rows === undefined ? 1 : Math.min(q, rows), threads)
          expect(least).toBeGreaterThan(budget)
          return
        }
        expect(taken(n, q, d, blocks.queries, blocks.rows, threads)).toBeLessThanOrEqual(budget)
        expect(blocks.queries % QUERY_TILE).toBe(0)
        expect(blocks.queries).toBeGreaterThan(0)
        expect(blocks.rows).toBe(rows === undefined ? blocks.rows : Math.min(q, rows))
      }),
      runs(500)
    )
  })

  it("are one tile where the budget is just enough, and none with a byte less", () => {
    fc.assert(
      fc.property(sizes, ({ d, n, q, rows, threads }) => {
        const handed = rows === undefined ? 1 : Math.min(q, rows)
        const least = taken(n, q, d, QUERY_TILE, handed, threads)
        expect(blocksFor(n, q, d, least, rows, threads)).toEqual({ queries: QUERY_TILE, rows: handed })
        expect(() => blocksFor(n, q, d, least - 1, rows, threads)).toThrow("too little to rank")
      }),
      runs(200)
    )
  })

  // For 1,000 images of 10 dimensions and many queries, by hand:
  const [n, q, d] = [1000, 5000, 10]
  /** Tiles (4 (20,000 + 1,280 + 128,000)) and one sort, near ties included. */
  const fixed = 597_120 + 40_000
  /** 64 (10 + 1,000) floats. */
  const tile = 258_560
  /** Two rows of 1,000 positions and scores. */
  const row = 16_000

  it("take as many bytes as a hand counts", () => {
    expect(taken(n, q, d, QUERY_TILE, 1)).toBe(fixed + tile + row)
    expect(blocksFor(n, q, d, fixed + tile + row, 1)).toEqual({ queries: 64, rows: 1 })
    // 40MiB, a sort and four sorted rows for each of three threads.
    const three = fixed + tile + row + 2 * 40_000 + 120 * MIB + 3 * 4 * 8000
    expect(blocksFor(n, q, d, three, 1, 3)).toEqual({ queries: 64, rows: 1 })
    expect(() => blocksFor(n, q, d, three - 1, 1, 3)).toThrow("too little")
  })

  it.each([
    ["a quarter of the budget", 4 * 20 * row, 20],
    ["a quarter of one byte less", 4 * 20 * row - 1, 19],
    ["what one tile leaves", fixed + tile + 3 * row, 3],
    ["what one tile leaves of one byte less", fixed + tile + 3 * row - 1, 2],
    ["256 at most", 2 ** 40, 256]
  ])("hand on, where nothing is said, as many queries as fit into %s", (_, budget, rows) => {
    expect(blocksFor(n, q, d, budget, undefined).rows).toBe(rows)
  })

  it.each([
    ["two tiles", fixed + row + 2 * tile, 128],
    ["one tile, a byte short of two", fixed + row + 2 * tile - 1, 64],
    ["31 tiles, a byte short of 32", fixed + row + 32 * tile - 1, 1984],
    ["32 tiles", fixed + row + 32 * tile, 2048],
    ["32 at most, whatever the budget", 2 ** 40, 2048]
  ])("hold the scores of %s", (_, budget, queries) => {
    expect(blocksFor(n, q, d, budget, 1).queries).toBe(queries)
  })

  it("hand on no more queries than there are", () => {
    expect(blocksFor(n, 7, d, 2 ** 40, undefined).rows).toBe(7)
    expect(blocksFor(n, 7, d, 2 ** 40, 9).rows).toBe(7)
  })

  it("say what is missing, and what to do", () => {
    expect(() => blocksFor(n, q, d, 100 * 1024, undefined)).toThrow(
      /^memory: 100KiB: is too little to rank 1000 images of 10 dimensions, which needs at least 891KiB\. Increase `memory`\.$/
    )
    expect(() => blocksFor(n, q, d, 100 * 1024, 2)).toThrow(
      /^memory: 100KiB: .* needs at least 906KiB\. Increase `memory`, or reduce `block`\.$/
    )
  })
})
