/** What becomes of patches that cannot be used: all are reported together, or skipped and counted. */
import { Effect, Result, Stream } from "effect"
import { choice, param } from "../../../pipeline/param.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"

export const onBadPatch = param(
  choice("fail", "skip"),
  "Whether a bad patch fails the pipeline at its end, or is left out and counted.",
  "fail"
)

export interface Bad {
  readonly name: string
  readonly why: string
}

/** More would not be read. */
const SHOWN = 5

const listing = (bad: ReadonlyArray<Bad>): string => {
  const reasons = bad.slice(0, SHOWN).map(({ why }) => why.replace(/\.$/, ""))
  return [...reasons, ...(bad.length > SHOWN ? [`and ${bad.length - SHOWN} more`] : [])].join("; ")
}

/** All bad patches as one error. */
export const badPatches = (stage: string, bad: ReadonlyArray<Bad>): DataError =>
  new DataError({
    subject: stage,
    problem: `${bad.length} bad ${bad.length === 1 ? "patch" : "patches"}: ${listing(bad)}`,
    remedy: "Repair them, or leave them out with `on_bad_patch: skip`"
  })

/** Says and records which patches a stage has left out; none takes an earlier run's list out of the record. */
export const reportSkipped = Effect.fnUntraced(function* (stage: string, bad: ReadonlyArray<Bad>) {
  const run = yield* Run
  const patches = bad.length === 1 ? "patch" : "patches"
  if (bad.length > 0) yield* run.say(`${stage}: left out ${bad.length} bad ${patches}: ${listing(bad)}`)
  yield* run.record(`skipped.${stage}`, bad.length > 0 ? bad : undefined)
})

/**
 * Applies `use` to every item, keeping their order. Items that fail are set aside; at the stream's end they fail it
 * together, or are said and counted.
 */
export const mapGood =
  <A, B, R>(
    stage: string,
    policy: "fail" | "skip",
    concurrency: number,
    nameOf: (item: A) => string,
    use: (item: A) => Effect.Effect<B, DataError, R>
  ) =>
  <E0, R0>(items: Stream.Stream<A, E0, R0>): Stream.Stream<B, E0 | DataError, R0 | R | Run> =>
    Stream.suspend(() => {
      const bad: Array<Bad> = []
      const atEnd = Effect.gen(function* () {
        if (bad.length > 0 && policy === "fail") return yield* badPatches(stage, bad)
        yield* reportSkipped(stage, bad)
      })
      return items.pipe(
        Stream.mapEffect((item) => Effect.map(Effect.result(use(item)), (result) => ({ item, result })), {
          concurrency
        }),
        Stream.filterMap(({ item, result }) => {
          if (Result.isSuccess(result)) return Result.succeed(result.success)
          bad.push({ name: nameOf(item), why: result.failure.message })
          return Result.fail(undefined)
        }),
        Stream.concat(Stream.drain(Stream.fromEffect(atEnd)))
      )
    })
