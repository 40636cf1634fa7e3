/** Scores by tiles: at the edges of tiles, in room that is given, and what is freed when they end early. */
import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import type { Sides } from "../../../../src/ops/retrieve/rank/gather.ts"
import { type Product, plainProduct } from "../../../../src/ops/retrieve/rank/product.ts"
import { emptyScores, scoresOf } from "../../../../src/ops/retrieve/rank/scores.ts"
import { vectorsOf } from "../../../../src/ops/retrieve/rank/vectors.ts"
import type { Similarity } from "../../../../src/ops/retrieve/similarity.ts"
import { effect } from "../../../effect.ts"
import { embeddings } from "../cases.ts"

const DIM = 2
/** Small whole numbers, so that every product is exact; no two vectors are equal. */
const vectorOf = (image: number): [number, number] => [image % 101, Math.floor(image / 101) - 40]

/** Queries and, behind them, the database, in batches of 300. */
const sidesOf = (q: number, n: number, by: Similarity = "dot"): Sides => {
  const images = Array.from({ length: q + n }, (_, image) => image)
  const batches = embeddings(Float32Array.from(images.flatMap(vectorOf)), new Uint8Array(q + n), DIM, 1, 300)
  const [queries, database] = [Int32Array.from(images.slice(0, q)), Int32Array.from(images.slice(q))]
  return {
    gallery: { names: images.map(String), classes: ["one"], labels: new Uint8Array(q + n), queries, database },
    by,
    queries: vectorsOf(batches, queries),
    database: vectorsOf(batches, database)
  }
}

/** Pair by pair, as a reader would write it. */
const naive = (by: Similarity, query: number, item: number): number => {
  const [a, b] = vectorOf(query)
  const [c, d] = vectorOf(item)
  return Math.fround(by === "l2" ? -Math.hypot(a - c, b - d) : a * c + b * d)
}

/** The first pair of a query and an item that has another score; of a few hundred thousand, a list would tell no more. */
const wrong = ({ by, database, queries }: Sides, from: number, values: Float32Array) => {
  const pair = (at: number) => [from + Math.floor(at / database.count), queries.count + (at % database.count)] as const
  const at = values.findIndex((value, i) => value !== naive(by, ...pair(i)))
  return at < 0 ? undefined : { pair: pair(at), found: values[at], expected: naive(by, ...pair(at)) }
}

/** The product in plain JavaScript, and what was asked of it. */
const watched = () => {
  const asked: Array<readonly [queries: number, items: number]> = []
  const rooms = new Set<ArrayBufferLike>()
  let held = 0
  const product: Product = (queries, q, d) => {
    const plain = plainProduct(queries, q, d)
    expect(queries.length).toBe(q * d)
    held++
    return {
      times: (items, n) => {
        asked.push([q, n])
        rooms.add(items.buffer)
        return plain.times(items, n)
      },
      release: () => {
        held--
      }
    }
  }
  return { product, asked, rooms, held: () => held }
}

describe("scores", () => {
  // Queries of one tile are 64, items 1,024; columns are turned four at a time.
  it.each([
    [1, 1],
    [3, 1023],
    [64, 1024],
    [65, 1025],
    [130, 1030],
    [5, 2049]
  ])("of %d queries and %d items are those of each pair", async (q, n) => {
    for (const by of ["dot", "l2"] as const) {
      const sides = sidesOf(q, n, by)
      const { from, to, values } = await Effect.runPromise(scoresOf(sides, plainProduct, 0, q))
      expect([from, to, values.length]).toEqual([0, q, q * n])
      expect(wrong(sides, 0, values)).toBeUndefined()
    }
  })

  effect("of some of the queries go to the beginning of the room that is given, and nowhere else", () =>
    Effect.gen(function* () {
      const [q, n, from] = [140, 1030, 64]
      for (const by of ["dot", "l2"] as const) {
        const sides = sidesOf(q, n, by)
        for (const to of [65, 66, 128, 131]) {
          const room = emptyScores(to - from + 5, n, true).fill(7)
          const { values } = yield* scoresOf(sides, plainProduct, from, to, room)
          expect(values.buffer).toBe(room.buffer)
          const end = (to - from) * n
          expect(wrong(sides, from, room.subarray(0, end))).toBeUndefined()
          expect(room.subarray(end).every((value) => value === 7)).toBe(true)
        }
      }
    })
  )

  effect("of some of the queries have room of their own where none is given", () =>
    Effect.gen(function* () {
      const sides = sidesOf(70, 5)
      const { from, to, values } = yield* scoresOf(sides, plainProduct, 64, 66)
      expect([from, to, values.length]).toEqual([64, 66, 10])
      expect(wrong(sides, 64, values)).toBeUndefined()
    })
  )

  it.each([
    [
      [128, 2048],
      [
        [64, 1024],
        [64, 1024],
        [64, 1024],
        [64, 1024]
      ]
    ],
    [
      [66, 1030],
      [
        [64, 1024],
        [2, 1024],
        [64, 6],
        [2, 6]
      ]
    ],
    [[3, 5], [[3, 5]]]
  ])("of %j queries and items take no tile more, and one room for all tiles of items", async ([q, n], tiles) => {
    const watch = watched()
    await Effect.runPromise(scoresOf(sidesOf(q, n), watch.product, 0, q))
    expect(watch.asked).toEqual(tiles)
    expect(Array.from(watch.rooms, (room) => room.byteLength)).toEqual([4 * DIM * Math.min(n, 1024)])
    expect(watch.held()).toBe(0)
  })
})

describe("scores that end early", () => {
  effect("free what is held, and stop between tiles", () =>
    Effect.gen(function* () {
      const watch = watched()
      const fiber = yield* Effect.forkChild(scoresOf(sidesOf(130, 2049), watch.product, 0, 130))
      while (watch.asked.length < 2) yield* Effect.yieldNow
      expect(watch.held()).toBe(3)
      yield* Fiber.interrupt(fiber)
      expect(watch.held()).toBe(0)
      expect(watch.asked.length).toBeLessThan(9)
    })
  )

  effect("free what is held where the product fails", () =>
    Effect.gen(function* () {
      const watch = watched()
      const failing: Product = (queries, q, d) => ({
        ...watch.product(queries, q, d),
        times: () => {
          throw new Error("stopped")
        }
      })
      const exit = yield* Effect.exit(scoresOf(sidesOf(70, 5), failing, 0, 70))
      expect([exit._tag, watch.held()]).toEqual(["Failure", 0])
    })
  )
})

describe("room for scores", () => {
  it("lies in memory that threads share where that is asked for", () => {
    const [own, shared] = [emptyScores(3, 5, false), emptyScores(3, 5, true)]
    expect([own.length, shared.length]).toEqual([15, 15])
    expect(own.buffer).toBeInstanceOf(ArrayBuffer)
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer)
  })
})
