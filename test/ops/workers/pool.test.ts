import { Effect, Fiber, Stream } from "effect"
import { describe, expect } from "vitest"
import { workerPool } from "../../../src/ops/workers/pool.ts"
import { effect } from "../../effect.ts"
import type { Question } from "./squares.ts"

const module = new URL("./squares.ts", import.meta.url)
const squares = (size: number) => workerPool<Question, Float64Array>({ module, size, data: { plus: 1 } })

describe("worker threads", () => {
  effect("give what the work gives, in the order of the input", () =>
    Effect.gen(function* () {
      const pool = yield* squares(2)
      const answers = yield* Stream.fromIterable([0, 1, 2, 3, 4, 5, 6]).pipe(
        Stream.mapEffect((n) => Effect.map(pool.run(n), ([square]) => square), { concurrency: pool.size }),
        Stream.runCollect
      )
      expect(answers).toEqual([1, 2, 5, 10, 17, 26, 37])
    })
  )

  effect("pass on what an explained error says, and go on working", () =>
    Effect.gen(function* () {
      const pool = yield* squares(1)
      const error = yield* Effect.flip(pool.run("explained"))
      expect(error.message).toBe("a.tif: is cut. Fetch it again.")
      expect(error.thrown).toBe("DataError")
      expect(yield* pool.run(3)).toEqual(new Float64Array([10]))
    })
  )

  effect("name the module whose work has a bug", () =>
    Effect.gen(function* () {
      const pool = yield* squares(1)
      const error = yield* Effect.flip(pool.run("plain"))
      expect(error.message).toContain("squares.ts")
      expect(error.message).toContain("a bug")
    })
  )

  effect("replace a thread that died", () =>
    Effect.gen(function* () {
      const pool = yield* squares(1)
      const error = yield* Effect.flip(pool.run("exit"))
      expect(error.message).toContain("exit code 3")
      expect(yield* pool.run(2)).toEqual(new Float64Array([5]))
    })
  )

  effect("fail with a module that is not there", () =>
    Effect.gen(function* () {
      const pool = yield* workerPool({ module: new URL("./absent.ts", import.meta.url), size: 1 })
      const error = yield* Effect.flip(pool.run(1))
      expect(error.message).toContain("absent.ts")
    })
  )

  effect("finish a task whose caller was interrupted, and keep its answer from the next", () =>
    Effect.gen(function* () {
      const pool = yield* squares(1)
      yield* pool.run(9)
      const asked = yield* Effect.forkChild(pool.run(0))
      yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(asked)
      expect(yield* pool.run(1)).toEqual(new Float64Array([2]))
    })
  )
})
