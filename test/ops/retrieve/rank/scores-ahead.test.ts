import { Effect } from "effect"
import { describe, expect } from "vitest"
import { QUERY_TILE } from "../../../../src/ops/retrieve/rank/blocks.ts"
import { scoresAhead } from "../../../../src/ops/retrieve/rank/scores-ahead.ts"
import { effect } from "../../../effect.ts"

const LARGE = 16 * QUERY_TILE

/** Scores of one image: the number of the query. `asked` receives the queries of each computation. */
const opened = (count: number, atOnce: number, shared: boolean, asked: Array<readonly [number, number]>) =>
  scoresAhead({
    count,
    n: 1,
    atOnce,
    shared,
    compute: (from, to, room) =>
      Effect.gen(function* () {
        asked.push([from, to])
        yield* Effect.yieldNow
        for (let row = from; row < to; row++) room[row - from] = row
        return { from, to, values: room, error: 0 }
      })
  })

/** Asks for the queries of a range, and compares what is still valid when the next scores are being computed. */
const walked = Effect.fnUntraced(function* (
  scoresFrom: Effect.Success<ReturnType<typeof opened>>,
  from: number,
  end: number
) {
  for (let row = from; row < end; ) {
    const found = yield* scoresFrom(row, end)
    for (let i = 0; i < 5; i++) yield* Effect.yieldNow
    expect(found.from).toBe(row)
    expect(found.values.subarray(0, found.to - row)).toEqual(
      Float32Array.from({ length: found.to - row }, (_, i) => row + i)
    )
    row = Math.min(end, found.to)
  }
})

describe("scores ahead", () => {
  effect("are computed for the next queries while those before are in use", () =>
    Effect.gen(function* () {
      const asked: Array<readonly [number, number]> = []
      const scoresFrom = yield* opened(2000, LARGE, true, asked)
      yield* scoresFrom(0, 2000)
      for (let i = 0; i < 5; i++) yield* Effect.yieldNow
      expect(asked).toEqual([
        [0, LARGE / 2],
        [LARGE / 2, LARGE]
      ])
      yield* walked(scoresFrom, LARGE / 2, 2000)
      expect(asked.at(-1)).toEqual([LARGE + LARGE / 2, 2000])
      expect(asked).toHaveLength(4)
    })
  )

  effect("follow a range that another does not continue", () =>
    Effect.gen(function* () {
      const scoresFrom = yield* opened(9000, LARGE, true, [])
      yield* scoresFrom(0, 4096)
      yield* walked(scoresFrom, 4096, 6144)
      yield* walked(scoresFrom, 6144, 9000)
      yield* walked(scoresFrom, 0, 2048)
    })
  )

  effect("are computed all at once where memory is short or one thread sorts", () =>
    Effect.gen(function* () {
      for (const [atOnce, shared] of [
        [LARGE - QUERY_TILE, true],
        [LARGE, false]
      ] as const) {
        const asked: Array<readonly [number, number]> = []
        yield* walked(yield* opened(1500, atOnce, shared, asked), 0, 1500)
        expect(asked).toEqual([
          [0, atOnce],
          [atOnce, 1500]
        ])
      }
    })
  )
})
