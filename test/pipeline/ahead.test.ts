import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { runAhead, type Waits } from "../../src/pipeline/ahead.ts"
import { toStream } from "../../src/pipeline/interpret.ts"
import { operator } from "../../src/pipeline/operator.ts"
import { silent } from "../../src/pipeline/watch.ts"
import { effect } from "../effect.ts"
import { count, Num } from "./toys.ts"

/** Numbers from 0, each `milliseconds` in the making; `made` counts them. */
const source = (total: number, milliseconds: number, made: (i: number) => void) =>
  Stream.range(0, total - 1).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((i) =>
      Effect.as(
        Effect.tap(Effect.sleep(milliseconds), () => Effect.sync(() => made(i))),
        i
      )
    )
  )

/** Runs a stream ahead of a consumer under a clock of its own: sums of waits in seconds, and the longest lead. */
const race = (total: number, most: number, making: number, using: number) =>
  Effect.gen(function* () {
    const seen = { made: 0, used: 0, lead: 0 }
    const sum = { forInput: 0, ofInput: 0 }
    const tell = ({ forInput, ofInput }: Waits) => {
      sum.forInput += forInput
      sum.ofInput += ofInput
    }
    const made = () => {
      seen.made++
      seen.lead = Math.max(seen.lead, seen.made - seen.used)
    }
    const use = (i: number) =>
      Effect.as(
        Effect.tap(Effect.sleep(using), () => Effect.sync(() => seen.used++)),
        i
      )
    const stream = source(total, making, made).pipe(runAhead(most, tell), Stream.mapEffect(use))
    const fiber = yield* Effect.forkChild(Stream.runCollect(stream))
    for (let i = 0; i < 2 * total * (making + using); i++) yield* TestClock.adjust(1)
    const values = yield* Fiber.join(fiber)
    return { ...sum, lead: seen.lead, values }
  }).pipe(Effect.provide(TestClock.layer()))

describe("running ahead", () => {
  effect("makes at most as many elements ready as it may, one more, and the one in use", () =>
    Effect.gen(function* () {
      const { lead, values } = yield* race(20, 2, 1, 10)
      expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i))
      expect(lead).toBe(2 + 1 + 1)
    })
  )

  effect("of a slow consumer, its input waits for it, and it for the first element alone", () =>
    Effect.gen(function* () {
      const { forInput, ofInput } = yield* race(20, 2, 1, 10)
      expect(forInput).toBeCloseTo(0.001, 6)
      expect(ofInput).toBeGreaterThan(0.1)
    })
  )

  effect("of a slow source, the consumer waits, and elements do not", () =>
    Effect.gen(function* () {
      const { forInput, ofInput } = yield* race(20, 2, 10, 1)
      // Ten milliseconds for the first, nine for each of the others.
      expect(forInput).toBeCloseTo(0.01 + 19 * 0.009, 2)
      expect(ofInput).toBe(0)
    })
  )

  effect("gives what is ready before a failure, then the failure", () =>
    Effect.gen(function* () {
      const failing = Stream.concat(Stream.make(1, 2), Stream.fail("broken" as const)).pipe(runAhead(4, () => {}))
      const got: Array<number> = []
      const error = yield* Effect.flip(Stream.runForEach(failing, (i) => Effect.sync(() => got.push(i))))
      expect(error).toBe("broken")
      expect(got).toEqual([1, 2])
    })
  )

  effect("ends its source when the consumer needs no more", () =>
    Effect.gen(function* () {
      let closed = 0
      const open = Effect.acquireRelease(Effect.void, () => Effect.sync(() => closed++))
      const endless = Stream.unwrap(Effect.as(open, Stream.forever(Stream.make(1))))
      yield* Stream.runDrain(Stream.take(runAhead(3, () => {})(endless), 5))
      expect(closed).toBe(1)
    })
  )
})

describe("an operator that says `ahead`", () => {
  const slow = operator({
    name: "slow",
    about: "Passes numbers on.",
    from: Num,
    to: Num,
    params: {},
    ahead: 2,
    run: () => (numbers) => Stream.mapEffect(numbers, (number) => Effect.as(Effect.yieldNow, number))
  })

  it("gets the same elements, and its waits are told under its stage", async () => {
    const told = new Set<string>()
    const watcher = { ...silent, waited: ({ step }: { step: { name: string } }) => void told.add(step.name) }
    const values = await Effect.runPromise(
      Stream.runCollect(toStream(count({ to: 9 }).pipe(slow(), slow()), { watcher }))
    )
    expect(values.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect([...told]).toEqual(["slow"])
  })
})
