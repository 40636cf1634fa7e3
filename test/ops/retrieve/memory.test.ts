import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { blocksFor, QUERY_TILE } from "../../../src/ops/retrieve/blocks.ts"
import { asMemory, bytesOf, Memory } from "../../../src/ops/retrieve/memory.ts"
import { check } from "../../../src/pipeline/check.ts"
import { runs } from "../../runs.ts"

describe("amounts of memory", () => {
  it.each([
    ["1GiB", 2 ** 30],
    ["512 MiB", 2 ** 29],
    ["1.5GB", 1.5e9],
    ["64KiB", 65536],
    ["7kB", 7000],
    ["3B", 3],
    ["2.7B", 2]
  ])("%s is %d bytes", (text, bytes) => {
    expect(bytesOf(text)).toBe(bytes)
  })

  it.each(["", "1", "GiB", "-1GiB", "1gib", "1 GiBs", "0.5B", "0MiB", "1e3MiB", "99999999999GiB"])(
    "%j is none",
    (text) => {
      expect(bytesOf(text)).toBeUndefined()
      expect(Result.getOrThrow(Result.flip(check(Memory, text)))).toEqual([
        {
          path: [],
          key: false,
          problem: expect.stringContaining("expected an amount of memory such as 512MiB or 1GiB")
        }
      ])
    }
  )

  it("are shown with a unit, never less than they are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
        const shown = bytesOf(asMemory(bytes)) ?? 0
        expect(shown).toBeGreaterThanOrEqual(bytes)
        expect(shown).toBeLessThanOrEqual(Math.max(bytes + 1024, bytes * 1.11))
      })
    )
  })
})

describe("blocks", () => {
  /** What a division takes, written out: two copies of tiles, scores of all queries at once, two lists of doubles to sort, two rankings. */
  const taken = (n: number, q: number, d: number, queries: number, rows: number) => {
    const [items, tile] = [Math.min(n, 1024), Math.min(q, QUERY_TILE)]
    const tiles = Math.ceil(Math.min(queries, Math.ceil(q / QUERY_TILE) * QUERY_TILE) / QUERY_TILE)
    const floats = 2 * items * d + 2 * tile * d + 2 * items * tile + 4 * n + tiles * tile * (d + n) + 2 * rows * 2 * n
    return 4 * floats
  }

  it("fit the budget, in whole tiles, or are refused", () => {
    const sizes = fc.record({
      n: fc.integer({ min: 1, max: 600_000 }),
      q: fc.integer({ min: 1, max: 120_000 }),
      d: fc.integer({ min: 1, max: 4096 }),
      budget: fc.integer({ min: 1, max: 2 ** 33 }),
      rows: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined })
    })
    fc.assert(
      fc.property(sizes, ({ budget, d, n, q, rows }) => {
        let blocks: ReturnType<typeof blocksFor>
        try {
          blocks = blocksFor(n, q, d, budget, rows)
        } catch (fault) {
          expect((fault as Error).message).toMatch(/^memory: .* too little to rank/)
          expect(taken(n, q, d, QUERY_TILE, rows === undefined ? 1 : Math.min(q, rows))).toBeGreaterThan(budget)
          return
        }
        expect(taken(n, q, d, blocks.queries, blocks.rows)).toBeLessThanOrEqual(budget)
        expect(blocks.queries % QUERY_TILE).toBe(0)
        expect(blocks.queries).toBeGreaterThan(0)
        expect(blocks.rows).toBe(rows === undefined ? blocks.rows : Math.min(q, rows))
      }),
      runs(500)
    )
  })
})
