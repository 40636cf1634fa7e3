/** The one interpreter: from a pipeline value to an Effect stream. */
import { type Context, type Effect, Stream } from "effect"
import type { AnyPipeline, Pipeline } from "./pipeline.ts"
import { type Ranges, segmentsOf } from "./ranges.ts"
import { segmentOf } from "./segment.ts"
import type { AnyStream } from "./splits.ts"
import { type Line, stageStream } from "./stage.ts"
import { silent, type Watcher } from "./watch.ts"

/** Options of `toStream`. */
export interface StreamOptions {
  /** Name of the pipeline, for the watcher. */
  readonly name?: string
  /** Observes every stage. By default nobody does, so that pipelines inside parameters (validation) are not watched. */
  readonly watcher?: Watcher
  /** Has the ranges of its segments made. By default nobody does: the pipeline runs in one piece. */
  readonly ranges?: Context.Service.Shape<typeof Ranges>
}

/** Turns a pipeline into a stream. Its errors and services are those of its operators. */
export const toStream = <Out, E, R>(
  pipeline: Pipeline<Out, E, R>,
  { name = "pipeline", ranges, watcher = silent }: StreamOptions = {}
): Stream.Stream<Out, E, R> => {
  const assemble = (): AnyStream => {
    const { steps } = pipeline as AnyPipeline
    const line: Line = { name, steps, watcher, beat: { yielded: 0, failed: false } }
    const segments = ranges === undefined ? [] : segmentsOf(steps)
    let stream: AnyStream = Stream.empty
    for (let i = 0; i < steps.length; i++) {
      const span = segments.find(({ from }) => from === i)
      if (span === undefined || ranges === undefined) stream = stageStream(line, i, stream)
      else {
        stream = ranges.run(segmentOf(line, span, stream))
        i = span.to
      }
    }
    return stream
  }
  return Stream.suspend(assemble) as unknown as Stream.Stream<Out, E, R>
}

/** Runs a pipeline to its end and drops its elements. */
export const drain = <Out, E, R>(pipeline: Pipeline<Out, E, R>, options?: StreamOptions): Effect.Effect<void, E, R> =>
  Stream.runDrain(toStream(pipeline, options))
