/** Patches that cannot be used: all of them are reported together, or left out and counted. */
import { Effect, Result, Stream } from "effect"
import { choice, param } from "../../../pipeline/param.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"

export const onBadPatch = param(
  choice("fail", "skip"),
  "What happens if patches are missing or damaged: `fail` tries all patches, then ends with one error that names the bad ones; `skip` leaves them out, counts them and lists them in the record.",
  "fail"
)

export interface Bad {
  readonly name: string
  readonly why: string
}

/** How many examples a message shows. */
const SHOWN = 5

const listing = (bad: ReadonlyArray<Bad>): string => {
  const reasons = bad.slice(0, SHOWN).map(({ why }) => why.replace(/\.$/, ""))
  return [...reasons, ...(bad.length > SHOWN ? [`and ${bad.length - SHOWN} more`] : [])].join("; ")
}

/** Makes one error of all bad patches. */
export const badPatches = (stage: string, bad: ReadonlyArray<Bad>): DataError =>
  new DataError({
    subject: stage,
    problem: `${bad.length} bad ${bad.length === 1 ? "patch" : "patches"}: ${listing(bad)}`,
    remedy: "Repair them, or leave them out with `on_bad_patch: skip`"
  })

/** Reports and records which patches a stage has left out. An empty list removes an earlier run's list from the record. */
export const reportSkipped = Effect.fnUntraced(function* (stage: string, bad: ReadonlyArray<Bad>) {
  const run = yield* Run
  const patches = bad.length === 1 ? "patch" : "patches"
  if (bad.length > 0) yield* run.say(`${stage}: left out ${bad.length} bad ${patches}: ${listing(bad)}`)
  yield* run.record(`skipped.${stage}`, bad.length > 0 ? bad : undefined)
})

/** Ends a stage: bad patches fail it together, or are reported and counted. */
export const endWith = (stage: string, policy: "fail" | "skip", bad: ReadonlyArray<Bad>) =>
  Effect.suspend(
    (): Effect.Effect<void, DataError, Run> =>
      bad.length > 0 && policy === "fail" ? Effect.fail(badPatches(stage, bad)) : reportSkipped(stage, bad)
  )

/**
 * Applies `use` to every item and keeps their order. Items that fail are set aside.
 *
 * @param aside receives each item that failed
 */
export const goodOnes =
  <A, B, R>(
    concurrency: number,
    nameOf: (item: A) => string,
    use: (item: A) => Effect.Effect<B, DataError, R>,
    aside: (bad: Bad) => void
  ) =>
  <E0, R0>(items: Stream.Stream<A, E0, R0>): Stream.Stream<B, E0, R0 | R> =>
    items.pipe(
      Stream.mapEffect((item) => Effect.map(Effect.result(use(item)), (result) => ({ item, result })), {
        concurrency
      }),
      Stream.filterMap(({ item, result }) => {
        if (Result.isSuccess(result)) return Result.succeed(result.success)
        aside({ name: nameOf(item), why: result.failure.message })
        return Result.fail(undefined)
      })
    )

/**
 * Applies `use` to every item and keeps their order. Items that fail are set aside; at the end of the stream they fail it
 * together, or are reported and counted.
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
      return items.pipe(
        goodOnes(concurrency, nameOf, use, (one) => bad.push(one)),
        Stream.concat(Stream.drain(Stream.fromEffect(endWith(stage, policy, bad))))
      )
    })
