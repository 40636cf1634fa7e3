/** Threads with engines of their own change no bit of a product. */
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { ITEM_TILE, QUERY_TILE } from "../../../../src/ops/retrieve/rank/blocks.ts"
import { gather } from "../../../../src/ops/retrieve/rank/gather.ts"
import { engineProduct, type Product } from "../../../../src/ops/retrieve/rank/product.ts"
import { scoresOf } from "../../../../src/ops/retrieve/rank/scores.ts"
import { productThreads, teamProduct } from "../../../../src/ops/retrieve/rank/threaded-product.ts"
import type { Team } from "../../../../src/ops/workers/loops.ts"
import { openTeam } from "../../../../src/ops/workers/team.ts"
import { Threads } from "../../../../src/ops/workers/threads.ts"
import { batchMaker } from "../../../bench/retrieval-data.ts"
import { opened } from "../../tensor/with-engine.ts"

const engine = await opened("wasm")
/** Two whole query tiles and a part, two whole item tiles and a part. */
const sides = gather([batchMaker(512, 24).make(0), ...[1, 2, 3, 4].map(batchMaker(2800, 24).make)], 3, 0.06)
const count = sides.queries.count

const scores = async (product: Product) => (await Effect.runPromise(scoresOf(sides, product, 0, count))).values

describe("the product on several engines", () => {
  const team = openTeam(new URL("../../../../src/ops/retrieve/rank/product-work.ts", import.meta.url), 2)
  afterAll(() => team.close())

  it("has the bits of one engine, once the threads are ready, too", async () => {
    expect(count).toBeGreaterThan(2 * QUERY_TILE)
    expect(sides.database.count).toBeGreaterThan(2 * ITEM_TILE)
    const alone = Buffer.from((await scores(engineProduct(engine))).buffer)
    const product = teamProduct(engine, team)
    for (let again = 0; again < 40; again++) {
      expect(alone.equals(Buffer.from((await scores(product)).buffer))).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })

  it("computes every tile once, in any order, and releases all tensors", async () => {
    const rows: Array<number> = []
    const backwards: Team = {
      memory: (_, bytes) => new SharedArrayBuffer(bytes),
      run: (loop, data, n) => {
        rows.push(n)
        for (let row = n - 1; row >= 0; row--) loop.rows(data)(row, row + 1)
      }
    }
    const alone = Buffer.from((await scores(engineProduct(engine))).buffer)
    const live = engine.live()
    expect(alone.equals(Buffer.from((await scores(teamProduct(engine, backwards))).buffer))).toBe(true)
    expect(engine.live()).toBe(live)
    const [items, queries] = [sides.database.count / ITEM_TILE, count / QUERY_TILE].map(Math.ceil)
    expect(rows).toEqual(Array.from({ length: items }, () => queries))
  })
})

it("threads multiply where there is enough to do, and memory for their engines", async () => {
  const threads = (work: number, budget: number) =>
    Effect.runPromise(Effect.provideService(productThreads(work, budget), Threads, 8))
  expect(await threads(2 ** 35, 2 ** 30)).toBe(3)
  expect(await threads(2 ** 35, 2 ** 33)).toBe(8)
  expect(await threads(2 ** 35, 2 ** 28)).toBe(1)
  expect(await threads(2 ** 35 - 1, 2 ** 33)).toBe(1)
})
