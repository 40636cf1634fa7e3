/** The one interpreter: from a pipeline value to an Effect stream. */
import { Cause, Clock, Effect, Pull, Stream } from "effect"
import { runAhead } from "./ahead.ts"
import type { AnyElement } from "./element.ts"
import { secondsOf } from "./monotonic.ts"
import { originOf } from "./origin.ts"
import type { AnyPipeline, Pipeline } from "./pipeline.ts"
import { type Running, silent, type Watcher } from "./watch.ts"

type AnyStream = Stream.Stream<AnyElement, unknown, unknown>

/** Synchronous work cannot be interrupted, so a run yields to the event loop once this many seconds have passed. */
const YIELD_AFTER = 0.02

/** State that all stages of one run share. */
interface Beat {
  yielded: number
  failed: boolean
}

const watched = (stream: AnyStream, stage: Running, watcher: Watcher, beat: Beat): AnyStream =>
  Stream.transformPull(stream, (pull) =>
    Effect.map(Clock.Clock, (clock) => {
      watcher.started(stage)
      let begun = 0
      const counted = Effect.map(pull, (chunk) => {
        watcher.progressed(stage, chunk.length, secondsOf(clock) - begun)
        return chunk
      })
      const reported = Effect.catchCause(counted, (cause) => {
        if (Pull.isDoneCause(cause)) watcher.ended(stage)
        else if (!beat.failed && !Cause.hasInterruptsOnly(cause)) {
          beat.failed = true
          watcher.failed(stage)
        }
        return Effect.failCause(cause)
      })
      // The time of other work while this stage yields is not its own.
      const afterYield = Effect.suspend(() => {
        begun = secondsOf(clock)
        beat.yielded = begun
        return reported
      })
      return Effect.suspend(() => {
        begun = secondsOf(clock)
        return begun - beat.yielded < YIELD_AFTER ? reported : Effect.andThen(Effect.yieldNow, afterYield)
      })
    })
  )

/** Options of `toStream`. */
export interface StreamOptions {
  /** Name of the pipeline, for the watcher. */
  readonly name?: string
  /** Observes every stage. By default nobody does, so that pipelines inside parameters (validation) are not watched. */
  readonly watcher?: Watcher
}

/** Turns a pipeline into a stream. Its errors and services are those of its operators. */
export const toStream = <Out, E, R>(
  pipeline: Pipeline<Out, E, R>,
  { name = "pipeline", watcher = silent }: StreamOptions = {}
): Stream.Stream<Out, E, R> => {
  const assemble = (): AnyStream => {
    const beat: Beat = { yielded: 0, failed: false }
    return (pipeline as AnyPipeline).steps.reduce<AnyStream>((before, step, index, steps) => {
      const stage: Running = { pipeline: name, index, step }
      const self = {
        expect: (total: number) => watcher.expected(stage, total),
        note: (words: string) => watcher.noted(stage, words),
        before: steps.slice(0, index)
      }
      const { ahead, run } = originOf(step).operator
      const input = ahead === undefined ? before : runAhead(ahead, (waits) => watcher.waited(stage, waits))(before)
      return watched(run(step.params, self)(input), stage, watcher, beat)
    }, Stream.empty)
  }
  return Stream.suspend(assemble) as unknown as Stream.Stream<Out, E, R>
}

/** Runs a pipeline to its end and drops its elements. */
export const drain = <Out, E, R>(pipeline: Pipeline<Out, E, R>, options?: StreamOptions): Effect.Effect<void, E, R> =>
  Stream.runDrain(toStream(pipeline, options))
