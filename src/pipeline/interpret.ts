/** The one interpreter: from a pipeline value to an Effect stream. */
import { Clock, Effect, Exit, Pull, Stream } from "effect"
import type { AnyElement } from "./element.ts"
import { type AnyPipeline, originOf, type Pipeline } from "./pipeline.ts"
import { ExpectReference, type Running, silent, Watch, type Watcher } from "./watch.ts"

type AnyStream = Stream.Stream<AnyElement, unknown, unknown>

/** Synchronous work is deaf to interruption, so a run yields to the event loop when this many milliseconds have passed. */
const YIELD_AFTER_MS = 20

/** Shared by the stages of one run. */
interface Beat {
  yielded: number
  failed: boolean
}

const watched = (stream: AnyStream, stage: Running, watcher: Watcher, beat: Beat): AnyStream =>
  Stream.transformPull(stream, (pull) =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      watcher.started(stage)
      const next = Effect.suspend(() => {
        const begun = clock.currentTimeNanosUnsafe()
        return Effect.onExit(pull, (exit) => {
          if (Exit.isSuccess(exit)) {
            watcher.progressed(stage, exit.value.length, Number(clock.currentTimeNanosUnsafe() - begun) / 1e9)
          } else if (Pull.isDoneCause(exit.cause)) {
            watcher.ended(stage)
          } else if (!beat.failed) {
            beat.failed = true
            watcher.failed(stage)
          }
          return Effect.void
        })
      })
      return Effect.suspend(() => {
        const now = clock.currentTimeMillisUnsafe()
        if (now - beat.yielded < YIELD_AFTER_MS) return next
        beat.yielded = now
        return Effect.andThen(Effect.yieldNow, next)
      })
    })
  )

const assemble = (pipeline: AnyPipeline, name: string, watcher: Watcher): AnyStream => {
  const beat: Beat = { yielded: 0, failed: false }
  const whole = pipeline.steps.reduce<AnyStream>((before, step, index) => {
    const stage: Running = { pipeline: name, index, step }
    const stream = originOf(step).operator.run(step.params)(before)
    return watched(
      Stream.provideService(stream, ExpectReference, (total: number) => watcher.expected(stage, total)),
      stage,
      watcher,
      beat
    )
  }, Stream.empty)
  return Stream.provideService(whole, Watch, silent)
}

/**
 * The stream of a pipeline. Errors and services are those of its operators; `Watch` is told of each stage.
 *
 * @param name what `Watch` calls the pipeline
 */
export const toStream = <Out, E, R>(pipeline: Pipeline<Out, E, R>, name = "pipeline"): Stream.Stream<Out, E, R> =>
  Stream.unwrap(
    Effect.map(Watch, (watcher) => assemble(pipeline as AnyPipeline, name, watcher))
  ) as unknown as Stream.Stream<Out, E, R>

/** Runs a pipeline to its end, for its effects. */
export const drain = <Out, E, R>(pipeline: Pipeline<Out, E, R>, name?: string): Effect.Effect<void, E, R> =>
  Stream.runDrain(toStream(pipeline, name))
