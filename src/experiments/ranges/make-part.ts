/** Makes the part of one range, whoever asked for it. */
import { Clock, Effect, Stream } from "effect"
import { fileError } from "../../ops/formats/data-error.ts"
import { PlainFile } from "../../ops/formats/plain-file.ts"
import { Run } from "../../ops/run.ts"
import { secondsOf } from "../../pipeline/monotonic.ts"
import type { OpenSegment, Segment } from "../../pipeline/ranges.ts"
import { type Range, Sums } from "../../pipeline/splits.ts"
import type { EngineRecord } from "../folder/record.ts"
import { Collected } from "./collecting.ts"
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

/** Makes a part, and the facts that complete it. */
export const makePart = ({ engine, open, segment, worker }: Maker, range: Range, path: PartPath) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const begun = secondsOf(clock)
    const before = segment.times()
    const collected = new Collected()
    const sums = new Sums()
    const file = yield* Effect.acquireRelease(
      writing(partOf(path), () => new PlainFile(partOf(path))),
      (file) => Effect.sync(() => file.abandon())
    )
    yield* open.part(range, sums.add).pipe(
      Stream.runForEach((value) => writing(partOf(path), () => file.append(value))),
      Effect.provideService(Run, collected.of(yield* Run))
    )
    const sealed = yield* writing(partOf(path), () => file.finish())
    const used = engine()
    const stages = segment.times().map(({ elements, seconds }, i) => ({
      elements: elements - before[i].elements,
      seconds: seconds - before[i].seconds
    }))
    const facts: Facts = {
      ...range,
      ...sealed,
      worker,
      seconds: secondsOf(clock) - begun,
      ...(used === undefined ? {} : { engine: used }),
      ...collected.facts,
      sums: [...sums.all],
      stages
    }
    yield* writing(path, () => writeFacts(path, facts))
    return facts
  }).pipe(Effect.scoped)
