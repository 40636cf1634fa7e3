/** Scores of many queries, computed for some queries at a time, while threads sort the scores before them. */
import { Effect, Fiber } from "effect"
import { QUERY_TILE } from "./blocks.ts"
import { emptyScores, type Scores } from "./scores.ts"

/** Queries that are computed at least together, if there is memory for twice as many: assembling items costs time, too. */
const LEAST = 8 * QUERY_TILE

/** How scores are computed. */
interface Computing {
  /** Number of queries. */
  readonly count: number
  /** Number of database images. */
  readonly n: number
  /** Number of queries whose scores fit the memory. */
  readonly atOnce: number
  /** Whether threads sort the scores. */
  readonly shared: boolean
  /** Computes the scores of the queries [from, to) into memory for them. */
  readonly compute: (from: number, to: number, room: Float32Array) => Effect.Effect<Scores>
}

/** The scores that are computed while others are in use. */
interface Next {
  readonly from: number
  readonly to: number
  readonly fiber: Fiber.Fiber<Scores>
}

/**
 * Makes a function that returns the scores of the query `row` and of some queries after it, in a range that ends at `end`.
 * Scores stay valid until scores after them are asked for. Queries are asked for in ascending order within a range.
 */
export const scoresAhead = Effect.fnUntraced(function* ({ atOnce, compute, count, n, shared }: Computing) {
  const scope = yield* Effect.scope
  const ahead = shared && atOnce >= 2 * LEAST && count > atOnce
  const size = ahead ? QUERY_TILE * Math.floor(atOnce / 2 / QUERY_TILE) : atOnce
  /** Made when they are needed: a process that only hands out ranges needs none. */
  const rooms: Array<Float32Array> = []
  let [turn, known, next]: [number, Scores | undefined, Next | undefined] = [0, undefined, undefined]
  // The first queries decide about a note, which must not depend on the end of their range.
  const lastOf = (row: number, end: number) => Math.min(row === 0 ? count : end, row + size)
  const started = (from: number, to: number) => {
    turn = ahead ? 1 - turn : 0
    rooms[turn] ??= emptyScores(Math.min(count, size), n, shared)
    return compute(from, to, rooms[turn])
  }
  return Effect.fnUntraced(function* (row: number, end: number) {
    if (known !== undefined && row >= known.from && row < known.to) return known
    const to = lastOf(row, end)
    const waiting: Next | undefined = next
    next = undefined
    const ready = waiting?.from === row && waiting.to === to
    if (waiting !== undefined && !ready) yield* Fiber.interrupt(waiting.fiber)
    const found: Scores = yield* ready ? Fiber.join(waiting.fiber) : started(row, to)
    known = found
    if (ahead && to < end) {
      const last = lastOf(to, end)
      next = { from: to, to: last, fiber: yield* Effect.forkIn(started(to, last), scope) }
    }
    return found
  })
})
