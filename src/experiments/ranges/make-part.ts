/** Makes the part of one range, whoever asked for it. */
import { Clock, Effect, Stream } from "effect"
import { fileError } from "../../ops/formats/data-error.ts"
import { PlainFile, type Sealed } from "../../ops/formats/plain-file.ts"
import { Run } from "../../ops/run.ts"
import { secondsOf } from "../../pipeline/monotonic.ts"
import type { OpenSegment, Segment } from "../../pipeline/ranges.ts"
import type { AnyEffect, Range } from "../../pipeline/splits.ts"
import type { EngineRecord } from "../folder/record.ts"
import { Collected, Gathered } from "./collecting.ts"
import { type Facts, type PartPath, partOf, writeFacts } from "./part-files.ts"

/** What makes a part. */
export interface Maker {
  readonly segment: Pick<Segment, "times">
  readonly open: OpenSegment
  /** Its name, for the record. */
  readonly worker: string
  /** The engine, if it has been opened. */
  readonly engine: () => EngineRecord | undefined
}

const writing = <A>(path: string, run: () => A) => Effect.try({ try: run, catch: fileError(path) })

/** Makes a range: its values, and a function for its facts once they have passed. */
const making = ({ engine, open, segment, worker }: Maker, range: Range) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const begun = secondsOf(clock)
    const before = segment.times()
    const collected = new Collected()
    const gathered = new Gathered()
    const values = Stream.provideService(open.part(range, gathered.at), Run, collected.of(yield* Run))
    const facts = (sealed: Sealed): Facts => {
      const used = engine()
      const stages = segment.times().map(({ elements, seconds }, i) => ({
        elements: elements - before[i].elements,
        seconds: seconds - before[i].seconds
      }))
      return {
        ...range,
        ...sealed,
        worker,
        seconds: secondsOf(clock) - begun,
        ...(used === undefined ? {} : { engine: used }),
        ...collected.facts,
        ...gathered.facts,
        stages
      }
    }
    return { values, facts }
  })

/** Makes a part, and the facts that complete it. */
export const makePart = (maker: Maker, range: Range, path: PartPath) =>
  Effect.gen(function* () {
    const { facts, values } = yield* making(maker, range)
    const file = yield* Effect.acquireRelease(
      writing(partOf(path), () => new PlainFile(partOf(path))),
      (file) => Effect.sync(() => file.abandon())
    )
    yield* Stream.runForEach(values, (value) => writing(partOf(path), () => file.append(value)))
    const made = facts(yield* writing(partOf(path), () => file.finish()))
    yield* writing(path, () => writeFacts(path, made))
    return made
  }).pipe(Effect.scoped)

/** The seal of a part that was never a file. */
const UNWRITTEN: Sealed = { bytes: 0, sha256: "" }

/**
 * Makes a range whose values the merge saves at once, without a file.
 *
 * @param made is called when all values have passed
 */
export const passPart = (maker: Maker, range: Range, made: (facts: Facts) => AnyEffect<void>) =>
  Stream.unwrap(
    Effect.map(making(maker, range), ({ facts, values }) =>
      Stream.concat(values, Stream.drain(Stream.fromEffect(Effect.suspend(() => made(facts(UNWRITTEN))))))
    )
  )
