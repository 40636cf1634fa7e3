/** Running ahead: the steps before a slow step prepare its next elements while it computes. */
import { type Cause, Clock, Effect, Queue, Scope, Stream } from "effect"
import { secondsOf } from "./monotonic.ts"

/** Seconds that a step waited for its input, and that the steps before it waited for the step. */
export interface Waits {
  readonly forInput: number
  readonly ofInput: number
}

/**
 * Runs a stream in a fiber of its own, ahead of its consumer.
 *
 * @param most number of elements that are kept ready; one more may be in preparation
 * @param waited called at the end of every wait
 * @returns a function from a stream to a stream of the same elements
 */
export const runAhead =
  (most: number, waited: (waits: Waits) => void) =>
  <A, E, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
    Stream.transformPull(stream, (pull, scope) =>
      Effect.gen(function* () {
        const clock = yield* Clock.Clock
        const timed = <B, E1>(wait: Effect.Effect<B, E1>, note: (seconds: number) => Waits): Effect.Effect<B, E1> =>
          Effect.suspend(() => {
            const begun = secondsOf(clock)
            const end = Effect.sync(() => waited(note(secondsOf(clock) - begun)))
            return Effect.ensuring(wait, end)
          })
        const ready = yield* Queue.bounded<A, E | Cause.Done>(most)
        yield* Scope.addFinalizer(scope, Queue.shutdown(ready))
        const offer = (element: A) => timed(Queue.offer(ready, element), (ofInput) => ({ forInput: 0, ofInput }))
        yield* pull.pipe(
          Effect.flatMap((chunk) => Effect.forEach(chunk, offer, { discard: true })),
          Effect.forever({ disableYield: true }),
          Effect.onError((cause) => Queue.failCause(ready, cause)),
          Effect.forkIn(scope)
        )
        const take = Effect.map(Queue.take(ready), (element): readonly [A] => [element])
        return timed(take, (forInput) => ({ forInput, ofInput: 0 }))
      })
    )
