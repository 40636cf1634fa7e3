import { Effect, Exit, Fiber, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { toStream } from "../../src/pipeline/interpret.ts"
import { operator } from "../../src/pipeline/operator.ts"
import { PositiveInt, param } from "../../src/pipeline/param.ts"
import { random } from "../../src/pipeline/random.ts"
import { count, Num } from "./toys.ts"

/** Draws for each item after a wait that differs from run to run; notes the order in which items were done. */
const jitter = (done: Array<number>, waits: () => number) =>
  operator({
    name: "jitter",
    about: "Adds a draw to each number, some later than others.",
    from: Num,
    to: Num,
    params: { concurrency: param(PositiveInt, "How many at once.") },
    run:
      ({ concurrency }) =>
      (numbers) =>
        numbers.pipe(
          Stream.mapEffect(
            ({ value }) =>
              Effect.sync((): Num => {
                done.push(value)
                return { kind: "number", value: random(24, 0, value, "jitter").next() }
              }).pipe(Effect.delay(`${waits()} millis`)),
            { concurrency }
          )
        )
  })

const run = async (concurrency: number) => {
  const done: Array<number> = []
  const wait = random(concurrency, 0, 0, "wait")
  const pipeline = count({ to: 40 }).pipe(jitter(done, () => wait.int(8))({ concurrency }))
  const values = await Effect.runPromise(Stream.runCollect(toStream(pipeline)))
  return { done, values }
}

describe("results do not depend on the order of completion", () => {
  it("with concurrency 1, 2 and 8 and random delays", async () => {
    const [one, two, eight] = await Promise.all([run(1), run(2), run(8)])
    expect(one.done).toEqual([...one.done].sort((a, b) => a - b))
    expect(two.done).not.toEqual(one.done)
    expect(eight.done).not.toEqual(two.done)
    expect(two.values).toEqual(one.values)
    expect(eight.values).toEqual(one.values)
  })
})

describe("a run yields to the event loop", () => {
  it("so that an endless synchronous stream can be stopped", async () => {
    const fiber = Effect.runFork(Stream.runDrain(toStream(count({ to: Number.MAX_SAFE_INTEGER }))))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await Effect.runPromise(Fiber.interrupt(fiber))
    const exit = fiber.pollUnsafe()
    expect(exit !== undefined && Exit.hasInterrupts(exit)).toBe(true)
  })
})
