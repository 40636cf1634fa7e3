/** A segment of a pipeline, whose ranges can be made one by one. */
import { Clock, Effect, Scope, type Stream } from "effect"
import { secondsOf } from "./monotonic.ts"
import { originOf } from "./origin.ts"
import type { Segment, Span } from "./ranges.ts"
import { type AnyItems, type AnyStream, type Beside, inOnePiece, merged, type Range } from "./splits.ts"
import { fail, type Line, selfOf, stageOf, stageStream, watched } from "./stage.ts"
import type { Self } from "./step.ts"
import type { Watcher } from "./watch.ts"

const commonMultiple = (a: number, b: number): number => {
  let [divisor, rest] = [a, b]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  return (a / divisor) * b
}

/** Opens the first step of a segment. Its time counts for all of the segment's stages, as each waits for it. */
const openedItems = (line: Line, { from, to }: Span, input: AnyStream, self: Self) =>
  Effect.gen(function* () {
    const stage = stageOf(line, from)
    const { name, ranges } = originOf(stage.step).operator
    if (ranges === undefined) throw new TypeError(`\`${name}\` has no ranges`)
    const clock = yield* Clock.Clock
    const begun = secondsOf(clock)
    line.watcher.started(stage)
    const items: AnyItems = yield* ranges(
      stage.step.params,
      self
    )(input).pipe(Effect.onError((cause) => Effect.sync(() => fail(cause, stage, line))))
    for (let i = from; i <= to; i++) line.watcher.progressed(stageOf(line, i), 0, secondsOf(clock) - begun)
    return items
  })

/** Values that the ranges of a segment share, each made once in the scope of the segment. */
const keeper = (scope: Scope.Scope): NonNullable<Self["keep"]> => {
  const made = new Map<string, unknown>()
  return (name, make) =>
    Effect.suspend(() =>
      made.has(name)
        ? Effect.succeed(made.get(name) as Effect.Success<typeof make>)
        : Effect.tap(Effect.provideService(make, Scope.Scope, scope), (value) =>
            Effect.sync(() => void made.set(name, value))
          )
    ) as typeof make
}

/** The parts that the last step of a segment makes of a range. */
const partStream = (line: Line, index: number, before: AnyStream, self: Self, beside: Beside): AnyStream => {
  const stage = stageOf(line, index)
  const make = originOf(stage.step).operator.parts?.make
  if (make === undefined) return stageStream(line, index, before, self)
  return watched(make(stage.step.params, self, beside)(before), stage, line, false)
}

/** The elements of a step inside a segment. */
const elementStream = (line: Line, index: number, before: AnyStream, self: Self, beside: Beside): AnyStream => {
  const stage = stageOf(line, index)
  const { aside } = originOf(stage.step).operator
  if (aside === undefined) return stageStream(line, index, before, self)
  return watched(aside.make(stage.step.params, self, beside)(before), stage, line)
}

/** The segment of some steps, after a stream. */
export const segmentOf = (whole: Line, { from, to }: Span, input: AnyStream): Segment => {
  const indices = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const times = indices.map(() => ({ elements: 0, seconds: 0 }))
  /** Of the line in ranges, whose stages have not ended when a range has. */
  const watcher: Watcher = {
    ...whole.watcher,
    ended: () => {},
    progressed: (stage, elements, seconds) => {
      times[stage.index - from].elements += elements
      times[stage.index - from].seconds += seconds
      whole.watcher.progressed(stage, elements, seconds)
    }
  }
  const line: Line = { ...whole, watcher }
  const inner = indices.slice(1, -1)
  const open = (given: AnyStream) =>
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const selves = indices.map((i) => ({ ...selfOf(line, i), keep: keeper(scope) }))
      const selfAt = (i: number): Self => selves[i - from]
      const items = yield* openedItems(line, { from, to }, given, selfAt(from))
      const first = (on: Line, stream: AnyStream) => watched(stream, stageOf(on, from), on)
      const { multiple = 1 } = items
      const together = line.steps
        .slice(from, to + 1)
        .map((step) => originOf(step).operator.together?.(step.params) ?? 1)
      const { make, merge } = last.operator.parts ?? {}
      const own = inOnePiece(items)
      /** A segment of one step, whose parts may be other values than its elements. */
      const alone = () =>
        make === undefined || merge === undefined
          ? first(whole, own)
          : watched(
              merged<unknown, unknown, unknown, unknown, unknown, unknown>({ make, merge })(
                last.step.params,
                selfAt(to)
              )(own as Stream.Stream<unknown>),
              last.stage,
              whole
            )
      const several = () =>
        stageStream(
          whole,
          to,
          inner.reduce((before, i) => stageStream(whole, i, before), first(whole, own))
        )
      return {
        items,
        multiple: [multiple, ...together].reduce(commonMultiple),
        part: (range: Range, beside: (stage: number) => Beside) => {
          const made = items.make(range, beside(0))
          if (from === to) {
            const part = make?.(last.step.params, selfAt(to), beside(0))(made) ?? made
            return watched(part, last.stage, line, make === undefined)
          }
          const elements = inner.reduce(
            (before, i) => elementStream(line, i, before, selfAt(i), beside(i - from)),
            first(line, made)
          )
          return partStream(line, to, elements, selfAt(to), beside(to - from))
        },
        whole: from === to ? alone() : several()
      }
    })
  const last = { step: line.steps[to], operator: originOf(line.steps[to]).operator, stage: stageOf(line, to) }
  const { merge: mergeParts, saves } = last.operator.parts ?? {}
  const merge = (parts: AnyStream, put: () => ReadonlyArray<unknown>, refuse: () => void): AnyStream =>
    mergeParts === undefined
      ? parts
      : watched(mergeParts(last.step.params, selfOf(whole, to), put, refuse)(parts), last.stage, whole)
  const asides = Effect.forEach(inner, (i) => {
    const { step } = stageOf(line, i)
    const { aside } = originOf(step).operator
    const open = aside?.open(step.params, selfOf(whole, i)) ?? Effect.succeed(() => Effect.void)
    return Effect.map(open, (end) => [i - from, end] as const)
  })
  return {
    pipeline: line.name,
    steps: line.steps.slice(from, to + 1),
    stages: indices.map((i) => stageOf(line, i)),
    watcher: whole.watcher,
    input,
    open: open as Segment["open"],
    times: () => times.map((time) => ({ ...time })),
    asides: asides as Segment["asides"],
    merge,
    ...(saves === undefined ? {} : { saves: saves(last.step.params) as NonNullable<Segment["saves"]> })
  }
}
