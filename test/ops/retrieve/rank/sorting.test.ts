/** Sorting by several threads: the same to the last digit as by one. */
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { emptyBlock } from "../../../../src/ops/retrieve/rank/rank-block.ts"
import { emptyScores } from "../../../../src/ops/retrieve/rank/scores.ts"
import { sorter, sortingThreads } from "../../../../src/ops/retrieve/rank/sorting.ts"
import { Threads } from "../../../../src/ops/workers/threads.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { effect } from "../../../effect.ts"

/** Few different values, so that there are ties in every row. */
const drawn = (rows: number, n: number): Float32Array => {
  const { int } = random(3, 0, rows, "scores")
  return emptyScores(rows, n, true).map(() => int(40) - 20)
}
const shared = (values: Float32Array): Float32Array => {
  const out = emptyScores(1, values.length, true)
  out.set(values)
  return out
}

const sorted = Effect.fnUntraced(function* (
  sort: Effect.Success<ReturnType<typeof sorter>>,
  values: Float32Array,
  n: number,
  first: number
) {
  const block = emptyBlock(first + values.length / n, n)
  yield* sort({ values: shared(values), query: 0, error: 0 }, block, first)
  return [[...block.order], [...block.scores]]
})

describe("sorting", () => {
  effect("is the same by one thread and by three, which refuse what is not finite", () =>
    Effect.gen(function* () {
      const n = 57
      const [alone, three] = [yield* sorter(n, 1), yield* sorter(n, 3)]
      for (const rows of [1, 4, 11]) {
        const values = drawn(rows, n)
        const expected = yield* sorted(alone, values, n, 2)
        expect(expected[0].slice(0, 2 * n).every((at) => at === 0)).toBe(true)
        expect(expected[0].slice(2 * n, 3 * n)).toEqual(
          [...Array(n).keys()].sort((a, b) => values[b] - values[a] || a - b)
        )
        expect(yield* sorted(three, values, n, 2)).toEqual(expected)
      }
      for (const bad of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
        const values = drawn(9, n)
        values[8 * n + 3] = bad
        for (const sort of [alone, three]) {
          expect((yield* Effect.flip(sorted(sort, values, n, 0))).message).toBe(
            "similarities: some are too large for single precision. Scale the embeddings down, or rank by cosine."
          )
        }
      }
    })
  )

  effect("takes threads where there is much to sort, memory for them, and leave to", () =>
    Effect.gen(function* () {
      const threads = (q: number, n: number, budget: number) =>
        sortingThreads(q, n, budget).pipe(Effect.provideService(Threads, 8))
      expect(yield* threads(100, 1000, 2 ** 40)).toBe(1)
      expect(yield* threads(1000, 100_000, 2 ** 40)).toBe(8)
      expect(yield* threads(3, 10 ** 7, 2 ** 40)).toBe(3)
      expect(yield* threads(1000, 100_000, 2 ** 29)).toBe(3)
      expect(yield* threads(1000, 100_000, 2 ** 20)).toBe(1)
      expect(yield* sortingThreads(1000, 100_000, 2 ** 40).pipe(Effect.provideService(Threads, 1))).toBe(1)
      expect(yield* sortingThreads(1000, 100_000, 2 ** 40).pipe(Effect.provideService(Threads, 64))).toBe(16)
    })
  )
})
