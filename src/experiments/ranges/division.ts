/**
 * Divides the work of a segment into ranges, has those made whose parts are not there yet, and reads all parts in order. Who
 * makes them is another matter, see `Makers`.
 */
import { join } from "node:path"
import { type Cause, type Context, Deferred, Effect, Stream } from "effect"
import { fileError } from "../../ops/formats/data-error.ts"
import { PlainFile, PlainHash } from "../../ops/formats/plain-file.ts"
import { Run } from "../../ops/run.ts"
import { engine } from "../../ops/tensor/engine.ts"
import type { OpenSegment, Ranges, Segment } from "../../pipeline/ranges.ts"
import { type AnyEffect, type AnyStream, cut, type Range, Sums } from "../../pipeline/splits.ts"
import { counted } from "../../pipeline/words.ts"
import type { EngineRecord } from "../folder/record.ts"
import { Collected, Replay } from "./collecting.ts"
import {
  type Facts,
  inputFile,
  isIntact,
  markSaved,
  type PartPath,
  partOf,
  partsFolder,
  readFacts,
  sameEngine,
  writeFacts
} from "./part-files.ts"
import { type Basis, partKeys, settled } from "./part-key.ts"
import { valuesOf } from "./part-values.ts"

/** A range to make. */
export interface Job {
  readonly range: Range
  readonly key: string
  readonly path: PartPath
}

/** A segment of which some ranges are to be made. */
export interface Division {
  readonly segment: Segment
  readonly open: OpenSegment
  readonly basis: Basis
  /** The file with the elements that its first step gathered; undefined if it begins the pipeline. */
  readonly input: string | undefined
  readonly jobs: ReadonlyArray<Job>
  /** The ranges whose parts are not there. */
  readonly missing: ReadonlyArray<Job>
}

/** Who makes ranges. */
export interface Makers {
  /** Ranges that are made at a time; with one, a range is made when its part is due. */
  readonly concurrency: number | "unbounded"
  /** Whether other processes read what the first step gathered. */
  readonly elsewhere: boolean
  /** A few words beside the progress. */
  readonly words?: () => string
  /** Makes a range of which each value is saved as it comes, so that no part is needed; absent for other processes. */
  readonly pass?: (division: Division, job: Job, made: (facts: Facts) => AnyEffect<void>) => AnyStream
  /** Opens for one division; the function makes one range. */
  readonly open: (division: Division) => AnyEffect<(job: Job) => AnyEffect<Facts>>
}

/** What a division needs to know of its run. */
export interface RunFacts {
  /** Items per range, in place of what operators say. */
  readonly size: number | undefined
  /** Settings that decide the content of parts. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The engine of this process, once it is open. */
  readonly engine: () => EngineRecord | undefined
}

/** Opens a segment: what its first step reads and gathers becomes known. */
const opened = (segment: Segment, { elsewhere }: Makers) =>
  Effect.gen(function* () {
    const run = yield* Run
    const collected = new Collected()
    const uses = (path: string) => Effect.andThen(run.uses(path), collected.of(run).uses(path))
    const gathers = segment.stages[0].index > 0
    const path = inputFile(partsFolder(run.folder, segment))
    const hash = new PlainHash()
    const file = elsewhere && gathers ? yield* writtenInput(path) : undefined
    const add = (element: unknown) =>
      Effect.try({
        try: () => {
          hash.add(element)
          file?.append(element)
        },
        catch: fileError(path)
      })
    const input = gathers ? Stream.tap(segment.input, add) : segment.input
    const open = yield* Effect.provideService(segment.open(input), Run, { ...run, uses })
    yield* Effect.try({ try: () => file?.finish(), catch: fileError(path) })
    return { open, uses: [...collected.uses], digest: hash.digest(), input: file === undefined ? undefined : path }
  })

const writtenInput = (path: string) =>
  Effect.acquireRelease(Effect.try({ try: () => new PlainFile(path), catch: fileError(path) }), (file) =>
    Effect.sync(() => file.abandon())
  )

/** What the step with this number put aside in a range. */
const putBy = (stage: number, { beside = [] }: Facts): ReadonlyArray<unknown> =>
  beside.flatMap(([at, value]) => (at === stage ? [value] : []))

/** The facts of parts that are there, intact, and made on the engine of this run. */
const present = (jobs: ReadonlyArray<Job>, facts: RunFacts, { saves, steps }: Segment) =>
  Effect.gen(function* () {
    const found = new Map<string, Facts>()
    const all = jobs.map(({ path }) => readFacts(path))
    const isSaved = all.some((one) => one?.saved) && saves !== undefined ? yield* saves : () => false
    for (const [i, { key, path }] of jobs.entries()) {
      const read = all[i]
      if (read === undefined || read.again === true) continue
      if (!(read.saved === true ? isSaved(putBy(steps.length - 1, read)) : isIntact(path, read))) continue
      if (read.engine !== undefined) {
        if (facts.engine() === undefined) yield* engine
        const now = facts.engine()
        if (now === undefined || !sameEngine(read.engine, now)) continue
      }
      found.set(key, read)
      yield* Effect.yieldNow
    }
    return found
  }).pipe(Effect.scoped)

/** Makes the missing parts in the background, so that a failure is known at once. Gives the facts of one part. */
const inBackground = (
  missing: ReadonlyArray<Job>,
  concurrency: number | "unbounded",
  make: (job: Job) => AnyEffect<Facts>
) =>
  Effect.gen(function* () {
    const ends = new Map<string, Deferred.Deferred<Facts, unknown>>()
    for (const { key } of missing) ends.set(key, yield* Deferred.make<Facts, unknown>())
    const end = (key: string) => ends.get(key) as Deferred.Deferred<Facts, unknown>
    const failAll = (cause: Cause.Cause<unknown>) =>
      Effect.forEach([...ends.values()], (one) => Deferred.failCause(one, cause), { discard: true })
    yield* Effect.forEach(
      missing,
      (job) => Effect.flatMap(make(job), (facts) => Deferred.succeed(end(job.key), facts)),
      {
        concurrency,
        discard: true
      }
    ).pipe(Effect.onError(failAll), Effect.forkScoped)
    return ({ key }: Job) => Deferred.await(end(key))
  })

const progressOf = (segment: Segment, jobs: ReadonlyArray<Job>, words: () => string) => {
  const last = segment.stages[segment.stages.length - 1]
  let done = 0
  return {
    /** Counts a part that another process, or an earlier run, made. */
    elsewhere: ({ stages }: Facts) => {
      stages.forEach(({ elements, seconds }, i) => {
        if (i < segment.stages.length) segment.watcher.progressed(segment.stages[i], elements, seconds)
      })
    },
    done: () => {
      done++
      segment.watcher.noted(last, `${done} of ${jobs.length} ranges${words()}`)
    },
    end: () => {
      for (const stage of segment.stages) segment.watcher.ended(stage)
    }
  }
}

/** Who made how many ranges, on what engine, in how many seconds; for the record. */
class Workers {
  private readonly known = new Map<string, { engine?: string; ranges: number; seconds: number }>()
  add({ engine, seconds, worker }: Facts): void {
    const before = this.known.get(worker) ?? { ranges: 0, seconds: 0 }
    const described = engine === undefined ? {} : { engine: `${engine.name} ${engine.version}` }
    this.known.set(worker, { ...before, ...described, ranges: before.ranges + 1, seconds: before.seconds + seconds })
  }
  get all(): ReadonlyArray<unknown> {
    return [...this.known].map(([worker, rest]) => ({ worker, ...rest }))
  }
}

/** What the steps of a segment put aside in all ranges, in the order of ranges. */
class PutAside {
  readonly sums = new Sums()
  private readonly stages: ReadonlyArray<Array<unknown>>
  constructor(stages: number) {
    this.stages = Array.from({ length: stages }, () => [])
  }
  add(facts: Facts): void {
    for (const [what, amount] of facts.sums) this.sums.add(what, amount)
    this.stages.forEach((all, stage) => {
      all.push(...putBy(stage, facts))
    })
  }
  readonly of = (stage: number): ReadonlyArray<unknown> => this.stages[stage]
}

/** Whether the merge has saved all values of the part that it takes. */
class Saving {
  private whole = true
  /** Says that the merge has not saved the last value. */
  readonly refuse = (): void => {
    this.whole = false
  }
  /** Ends a part, and returns whether all of its values were saved. */
  endPart(): boolean {
    const { whole } = this
    this.whole = true
    return whole
  }
}

/** Ends the steps that put something aside, each with everything that it put; a failure is placed at its step. */
const endAsides = ({ open, segment }: Division, put: PutAside, ends: Effect.Success<Segment["asides"]>) => {
  const placed = (stage: number, end: AnyEffect<void>) =>
    Effect.onError(end, () => Effect.sync(() => segment.watcher.failed(segment.stages[stage])))
  const first = Effect.suspend(() => open.items.end?.(put.sums.all, put.of(0)) ?? Effect.void)
  return Effect.andThen(
    placed(0, first),
    Effect.forEach(
      ends,
      ([stage, end]) =>
        placed(
          stage,
          Effect.suspend(() => end(put.of(stage)))
        ),
      { discard: true }
    )
  )
}

/** The values of all parts, in the order of their ranges. After the last one, steps receive everything that they put aside. */
const parts = (division: Division, found: ReadonlyMap<string, Facts>, makers: Makers, put: PutAside, saving: Saving) =>
  Effect.gen(function* () {
    const { jobs, missing, segment } = division
    const run = yield* Run
    const replay = new Replay(run)
    const progress = progressOf(segment, jobs, makers.words ?? (() => ""))
    const workers = new Workers()
    const asides = yield* segment.asides
    const { saves } = segment
    const passes = saves === undefined ? undefined : makers.pass
    const make = missing.length === 0 || passes !== undefined ? undefined : yield* makers.open(division)
    const making =
      make === undefined || makers.concurrency === 1 ? make : yield* inBackground(missing, makers.concurrency, make)
    const done = (facts: Facts) =>
      Effect.suspend(() => {
        progress.done()
        workers.add(facts)
        put.add(facts)
        return replay.part(facts)
      })
    const saved = (job: Job, facts: Facts) =>
      Effect.try({
        try: () => {
          const whole = saving.endPart()
          if (facts.again === true) return
          if (whole) markSaved(job.path, facts)
          else writeFacts(job.path, { ...facts, again: true })
        },
        catch: fileError(job.path)
      })
    const part = Effect.fnUntraced(function* (job: Job) {
      const before = found.get(job.key)
      if (before === undefined && passes !== undefined) {
        return passes(division, job, (facts) => Effect.andThen(saved(job, facts), done(facts)))
      }
      const facts = before ?? (yield* (making as NonNullable<typeof making>)(job))
      if (before !== undefined || makers.elsewhere) progress.elsewhere(facts)
      yield* done(facts)
      if (facts.saved === true) return Stream.empty
      const values = valuesOf(partOf(job.path))
      // The merge saves a value before it takes the next one, so after the last one the part may go.
      return saves === undefined
        ? values
        : Stream.concat(values, Stream.drain(Stream.fromEffect(Effect.suspend(() => saved(job, facts)))))
    })
    const end = endAsides(division, put, asides).pipe(
      Effect.andThen(replay.end),
      Effect.andThen(
        Effect.suspend(() => (makers.elsewhere ? run.record(`workers.${segment.pipeline}`, workers.all) : Effect.void))
      ),
      Effect.andThen(Effect.sync(progress.end))
    )
    return Stream.fromIterable(jobs).pipe(
      Stream.rechunk(1),
      Stream.flatMap((job) => Stream.unwrap(part(job))),
      Stream.concat(Stream.drain(Stream.fromEffect(end)))
    )
  })

/** Has the ranges of segments made by some makers. A segment of a single range runs in one piece, here. */
export const dividing = (facts: RunFacts, makers: Makers): Context.Service.Shape<typeof Ranges> => ({
  run: (segment) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const run = yield* Run
        const { digest, input, open, uses } = yield* opened(segment, makers)
        const ranges = cut(open.items.count, facts.size ?? open.items.size, open.multiple)
        if (ranges.length === 1) return open.whole
        const { folder } = run
        const basis: Basis = {
          ...(yield* settled(segment.steps)),
          folder,
          settings: facts.settings,
          uses,
          input: digest
        }
        const keyOf = partKeys(basis)
        const at = partsFolder(folder, segment)
        const jobs = ranges.map((range): Job => {
          const key = keyOf(range)
          return { range, key, path: join(at, key) }
        })
        const found = yield* present(jobs, facts, segment)
        if (found.size > 0) yield* run.say(`  ${found.size} of ${counted(jobs.length, "range")} are there already`)
        const missing = jobs.filter(({ key }) => !found.has(key))
        const put = new PutAside(segment.steps.length)
        const saving = new Saving()
        const last = segment.steps.length - 1
        const division = { segment, open, basis, input, jobs, missing }
        return segment.merge(
          Stream.unwrap(parts(division, found, makers, put, saving)),
          () => put.of(last),
          saving.refuse
        )
      })
    )
})
