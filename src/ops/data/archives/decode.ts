import { Effect, Scope, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { type Decoded as Declared, PositiveInt, param } from "../../../pipeline/param.ts"
import type { Beside, Range } from "../../../pipeline/splits.ts"
import type { Self } from "../../../pipeline/step.ts"
import { PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { type WorkerError, workerPool } from "../../workers/pool.ts"
import { Threads } from "../../workers/threads.ts"
import { dataFault } from "../file-access.ts"
import { type Bad, endWith, goodOnes, onBadPatch } from "../patches/bad-patches.ts"
import { type Note, sayNotes } from "../patches/noted.ts"
import type { Decoded } from "./decode-work.ts"
import { decodePatch } from "./open-archive.ts"

/** Number of patches that are read before threads are started: small archives are complete by then. */
const BEFORE_THREADS = 256

/** An error in the archive's files is an error of the patch; a thread that died is a defect. */
const patchFault = (error: WorkerError): Effect.Effect<never, DataError> =>
  error.thrown === "DataError" ? Effect.fail(new DataError(error)) : Effect.die(error)

/** Decodes here, and on worker threads once there are enough patches to make up for their start. */
const decoder = Effect.fnUntraced(function* (threads: number) {
  const pool = yield* Effect.cached(
    workerPool<PatchRef, Decoded>({ module: new URL("./decode-work.ts", import.meta.url), size: threads })
  )
  const scope = yield* Effect.scope
  const here = (reference: PatchRef, note: Note) => dataFault(() => decodePatch(reference, note))
  const there = (reference: PatchRef, note: Note) =>
    Effect.provideService(pool, Scope.Scope, scope).pipe(
      Effect.flatMap(({ run }) => run(reference)),
      Effect.catch(patchFault),
      Effect.map(({ notes, patch }) => {
        for (const text of notes) note(text)
        return patch
      })
    )
  let seen = 0
  return (note: Note) => (reference: PatchRef) =>
    Effect.suspend(() => (threads > 1 && seen++ >= BEFORE_THREADS ? there(reference, note) : here(reference, note)))
})

const declared = {
  concurrency: param(PositiveInt, "Minimum number of patches read at a time.", 4),
  on_bad_patch: onBadPatch
}
type Given = Declared<typeof declared>

/** Patches per range: some seconds of reading. */
const RANGE = 4096

/** What is put aside: a patch that cannot be read, or a note on a file that was read nevertheless. */
type Put = { readonly bad: Bad } | { readonly note: string }

/** Opens the decoder. The function that it gives decodes a stream of references. */
const decoding = Effect.fnUntraced(function* ({ concurrency, on_bad_patch }: Given) {
  const threads = yield* Threads
  const use = yield* decoder(threads)
  const most = Math.max(concurrency, 2 * threads)
  return <E, R>(references: Stream.Stream<PatchRef, E, R>, { again, put }: Pick<Beside<Put>, "again" | "put">) =>
    goodOnes(
      most,
      ({ name }: PatchRef) => name,
      use((text) => put({ note: text })),
      (bad) => {
        put({ bad })
        if (on_bad_patch === "fail") again()
      }
    )(references)
})

/** Reports what was unusual, and the patches that could not be read. */
const ended = ({ on_bad_patch }: Given, put: ReadonlyArray<Put>) =>
  Effect.gen(function* () {
    yield* endWith(
      "decode",
      on_bad_patch,
      put.flatMap((one) => ("bad" in one ? [one.bad] : []))
    )
    yield* sayNotes(
      "decode",
      put.flatMap((one) => ("note" in one ? [one.note] : []))
    )
  })

/** Gathers the references, so that patches can be decoded in ranges. */
const opened = (params: Given, self: Self) => (references: Stream.Stream<PatchRef>) =>
  Effect.gen(function* () {
    const decode = yield* decoding(params)
    const all = yield* Stream.runCollect(references)
    self.expect(all.length)
    return {
      count: all.length,
      size: RANGE,
      make: ({ from, to }: Range, beside: Beside) =>
        decode(Stream.rechunk(Stream.fromIterable(all.slice(from, to)), 1), beside),
      end: (_: ReadonlyMap<string, number>, put: ReadonlyArray<unknown>) => ended(params, put as ReadonlyArray<Put>)
    }
  })

/** Reads the bands of each patch, several patches at a time, in order; large archives on the run's threads. */
export const decode = operator({
  name: "decode",
  about: "Reads every band of each patch at its native size and checks size and dtype.",
  from: PatchRef,
  to: RawPatch,
  params: declared,
  ranges: opened,
  run: (params) => (references) =>
    Stream.unwrap(
      Effect.map(decoding(params), (decode) => {
        const put: Array<Put> = []
        const all = decode(references, { put: (one) => put.push(one), again: () => {} })
        return Stream.concat(all, Stream.drain(Stream.fromEffect(Effect.suspend(() => ended(params, put)))))
      })
    )
})
