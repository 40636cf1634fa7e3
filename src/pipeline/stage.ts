/** The stream of one step of a pipeline, watched. */
import { Cause, Clock, Effect, Pull, Stream } from "effect"
import { runAhead } from "./ahead.ts"
import { secondsOf } from "./monotonic.ts"
import { originOf } from "./origin.ts"
import type { AnyStream } from "./splits.ts"
import type { Self, Step } from "./step.ts"
import type { Running, Watcher } from "./watch.ts"

/** Synchronous work cannot be interrupted, so a run yields to the event loop once this many seconds have passed. */
const YIELD_AFTER = 0.02

/** State that all stages of one run share. */
export interface Beat {
  yielded: number
  failed: boolean
}

/** One run of a pipeline. */
export interface Line {
  readonly name: string
  readonly steps: ReadonlyArray<Step>
  readonly watcher: Watcher
  readonly beat: Beat
}

export const stageOf = ({ name, steps }: Line, index: number): Running => ({
  pipeline: name,
  index,
  step: steps[index]
})

export const selfOf = (line: Line, index: number): Self => {
  const stage = stageOf(line, index)
  return {
    expect: (total) => line.watcher.expected(stage, total),
    note: (words) => line.watcher.noted(stage, words),
    before: line.steps.slice(0, index),
    after: line.steps.slice(index + 1)
  }
}

/** Reports a failure to the watcher, once for all stages. */
export const fail = (
  cause: Cause.Cause<unknown>,
  stage: Running,
  { beat, watcher }: Pick<Line, "beat" | "watcher">
): void => {
  if (beat.failed || Cause.hasInterruptsOnly(cause)) return
  beat.failed = true
  watcher.failed(stage)
}

/**
 * A stream whose events a watcher sees.
 *
 * @param counts whether its elements are those of the stage, not parts of them
 */
export const watched = (
  stream: AnyStream,
  stage: Running,
  { beat, watcher }: Pick<Line, "beat" | "watcher">,
  counts = true
): AnyStream =>
  Stream.transformPull(stream, (pull) =>
    Effect.map(Clock.Clock, (clock) => {
      watcher.started(stage)
      let begun = 0
      const counted = Effect.map(pull, (chunk) => {
        watcher.progressed(stage, counts ? chunk.length : 0, secondsOf(clock) - begun)
        return chunk
      })
      const reported = Effect.catchCause(counted, (cause) => {
        if (Pull.isDoneCause(cause)) {
          // What a stage does after its last element takes time, too.
          watcher.progressed(stage, 0, secondsOf(clock) - begun)
          watcher.ended(stage)
        } else fail(cause, stage, { beat, watcher })
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

/** The stream of one step, after the stream of the steps before it. */
export const stageStream = (line: Line, index: number, before: AnyStream, self = selfOf(line, index)): AnyStream => {
  const stage = stageOf(line, index)
  const { ahead, run } = originOf(stage.step).operator
  const input = ahead === undefined ? before : runAhead(ahead, (waits) => line.watcher.waited(stage, waits))(before)
  return watched((run(stage.step.params, self) as (input: AnyStream) => AnyStream)(input), stage, line)
}
