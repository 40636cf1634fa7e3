/** The clock of the system is set back while a pipeline runs: no time is negative, and the run stays interruptible. */
import { Clock, Effect, Fiber, Stream } from "effect"
import { expect } from "vitest"
import { drain } from "../../src/pipeline/interpret.ts"
import { operator } from "../../src/pipeline/operator.ts"
import { PositiveInt, param } from "../../src/pipeline/param.ts"
import { silent, type Watcher } from "../../src/pipeline/watch.ts"
import { effect } from "../effect.ts"
import { count, Num } from "./toys.ts"

/** Computes for some milliseconds per element without a pause. */
const busy = operator({
  name: "busy",
  about: "Computes.",
  from: Num,
  to: Num,
  params: { ms: param(PositiveInt, "Milliseconds per number.") },
  ahead: 1,
  run:
    ({ ms }) =>
    (numbers) =>
      Stream.map(numbers, (number) => {
        for (const end = performance.now() + ms; performance.now() < end; );
        return number
      })
})

/** The clock of this machine, whose time of day runs backwards; the other clock runs forward as always. */
const setBack = Effect.map(Clock.Clock, (clock): Clock.Clock => {
  let day = 1e12
  const millis = () => {
    day -= 1000
    return day
  }
  const nanos = () => BigInt(millis()) * 1_000_000n
  return Object.assign(Object.create(clock) as Clock.Clock, {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos)
  })
})

effect("stages take no negative time, nor do they wait for any", () =>
  Effect.gen(function* () {
    const seconds: Array<number> = []
    const watcher: Watcher = {
      ...silent,
      progressed: (_, __, elapsed) => void seconds.push(elapsed),
      waited: (_, { forInput, ofInput }) => void seconds.push(forInput, ofInput)
    }
    const run = drain(count({ to: 5 }).pipe(busy({ ms: 2 })), { watcher })
    yield* Effect.provideService(run, Clock.Clock, yield* setBack)
    expect(seconds.length).toBeGreaterThan(10)
    expect(seconds.filter((one) => !(one >= 0 && one < 60))).toEqual([])
  })
)

/** Computes for some milliseconds after its last element. */
const closing = operator({
  name: "closing",
  about: "Computes at the end.",
  from: Num,
  to: Num,
  params: { ms: param(PositiveInt, "Milliseconds at the end.") },
  run:
    ({ ms }) =>
    (numbers) =>
      Stream.concat(
        numbers,
        Stream.suspend(() => {
          for (const end = performance.now() + ms; performance.now() < end; );
          return Stream.empty
        })
      )
})

effect("the time of a stage includes its work after the last element", () =>
  Effect.gen(function* () {
    const seconds: Record<string, number> = {}
    const watcher: Watcher = {
      ...silent,
      progressed: ({ step: { name } }, _, elapsed) => {
        seconds[name] = (seconds[name] ?? 0) + elapsed
      }
    }
    yield* drain(count({ to: 5 }).pipe(closing({ ms: 40 })), { watcher })
    expect(seconds.closing - seconds.count).toBeGreaterThan(0.035)
  })
)

effect("a run that computes without a pause is still interrupted", () =>
  Effect.gen(function* () {
    const run = drain(count({ to: 1_000_000 }).pipe(busy({ ms: 1 })))
    const fiber = yield* Effect.forkChild(Effect.provideService(run, Clock.Clock, yield* setBack))
    yield* Effect.promise(() => new Promise((done) => setTimeout(done, 50)))
    yield* Fiber.interrupt(fiber)
  })
)
