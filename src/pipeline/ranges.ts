/** The segments of a pipeline whose work is divided into ranges, and the service that has the ranges made. */
import { Context, type Effect, type Scope } from "effect"
import { type AnyOperator, originOf } from "./origin.ts"
import type { AnyEffect, AnyItems, AnyStream, Beside, Range } from "./splits.ts"
import type { Step } from "./step.ts"
import type { Running, Watcher } from "./watch.ts"

/** Steps of a pipeline, from the first to the last one of a segment, as indices. */
export interface Span {
  readonly from: number
  readonly to: number
}

const splitOf = (step: Step): AnyOperator => originOf(step).operator

const isEach = (step: Step): boolean => {
  const { each } = splitOf(step)
  return each === true || (typeof each === "function" && each(step.params))
}

/** Index of the step that ends a segment which begins at `from`. */
const endOf = (steps: ReadonlyArray<Step>, from: number): number | undefined => {
  for (let i = from; i < steps.length; i++) {
    if (splitOf(steps[i]).parts !== undefined) return i
    if (i > from && !isEach(steps[i])) return undefined
  }
  return undefined
}

/** The segments of some steps: each begins at an operator with `ranges`, and ends at the next one with `parts`. */
export const segmentsOf = (steps: ReadonlyArray<Step>): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  for (let i = 0; i < steps.length; i++) {
    const to = splitOf(steps[i]).ranges === undefined ? undefined : endOf(steps, i)
    if (to === undefined) continue
    found.push({ from: i, to })
    i = to
  }
  return found
}

/** What a stage has done. */
export interface StageTime {
  readonly elements: number
  /** Including the stages before it. */
  readonly seconds: number
}

/** A segment that is about to run. */
export interface Segment {
  /** Name of the pipeline. */
  readonly pipeline: string
  readonly steps: ReadonlyArray<Step>
  /** Its stages, for progress; as many as steps. */
  readonly stages: ReadonlyArray<Running>
  readonly watcher: Watcher
  /** The elements of the steps before it. */
  readonly input: AnyStream
  /** Opens its first step on some input, for all ranges that this process makes. */
  readonly open: (input: AnyStream) => Effect.Effect<OpenSegment, unknown, Scope.Scope>
  /** Elements and seconds of its stages, of all ranges that this process has made. */
  readonly times: () => ReadonlyArray<StageTime>
  /**
   * Opens its steps that put something aside: pairs of a step, counted from the first one of the segment, and a function for
   * everything that it put aside in all ranges.
   */
  readonly asides: Effect.Effect<
    ReadonlyArray<readonly [stage: number, end: (put: ReadonlyArray<unknown>) => AnyEffect<void>]>,
    unknown,
    Scope.Scope
  >
  /**
   * Continues the pipeline with the parts of all ranges, in their order.
   *
   * @param put gives everything that its last step put aside, once the parts have ended
   * @param refuse is called if the result does not hold the last value that the merge took
   */
  readonly merge: (parts: AnyStream<unknown>, put: () => ReadonlyArray<unknown>, refuse: () => void) => AnyStream
  /** If the merge saves each value at once: whether the result still holds a part, by the values that were put aside. */
  readonly saves?: Effect.Effect<(put: ReadonlyArray<unknown>) => boolean, unknown, Scope.Scope>
}

/** A segment whose first step is open. */
export interface OpenSegment {
  readonly items: AnyItems
  /** Ranges are multiples of it: of what the first step computes at once, and of what later steps bring together. */
  readonly multiple: number
  /**
   * The part of one range.
   *
   * @param beside takes what a step gathers beside its elements; steps are counted from the first one of the segment
   */
  readonly part: (range: Range, beside: (stage: number) => Beside) => AnyStream<unknown>
  /** The whole segment in one piece, without parts. */
  readonly whole: AnyStream
}

/** Has the ranges of segments made: here, by other processes, or on other machines. */
export class Ranges extends Context.Service<
  Ranges,
  {
    /** The elements that a segment hands on. */
    readonly run: (segment: Segment) => AnyStream
  }
>()("orbitrank/pipeline/Ranges") {}
