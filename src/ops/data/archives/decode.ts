import { Effect, Scope, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { PositiveInt, param } from "../../../pipeline/param.ts"
import { PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { type WorkerError, workerPool } from "../../workers/pool.ts"
import { Threads } from "../../workers/threads.ts"
import { dataFault } from "../file-access.ts"
import { mapGood, onBadPatch } from "../patches/bad-patches.ts"
import { type Note, noted } from "../patches/noted.ts"
import type { Decoded } from "./decode-work.ts"
import { decodePatch } from "./open-archive.ts"

/** Number of patches that are read before threads are started: small archives are complete by then. */
const BEFORE_THREADS = 256

/** An error in the archive's files is an error of the patch; a thread that died is a defect. */
const patchFault = (error: WorkerError): Effect.Effect<never, DataError> =>
  error.thrown === "DataError" ? Effect.fail(new DataError(error)) : Effect.die(error)

/** Decodes here, and on worker threads once there are enough patches to make up for their start. */
const decoder = Effect.fnUntraced(function* (threads: number, note: Note) {
  const pool = yield* Effect.cached(
    workerPool<PatchRef, Decoded>({ module: new URL("./decode-work.ts", import.meta.url), size: threads })
  )
  const scope = yield* Effect.scope
  const here = (reference: PatchRef) => dataFault(() => decodePatch(reference, note))
  const there = (reference: PatchRef) =>
    Effect.provideService(pool, Scope.Scope, scope).pipe(
      Effect.flatMap(({ run }) => run(reference)),
      Effect.catch(patchFault),
      Effect.map(({ notes, patch }) => {
        for (const text of notes) note(text)
        return patch
      })
    )
  let seen = 0
  return (reference: PatchRef) =>
    Effect.suspend(() => (threads > 1 && seen++ >= BEFORE_THREADS ? there(reference) : here(reference)))
})

/** Reads the bands of each patch, several patches at a time, in order; large archives on the run's threads. */
export const decode = operator({
  name: "decode",
  about: "Reads every band of each patch at its native size and checks size and dtype.",
  from: PatchRef,
  to: RawPatch,
  params: {
    concurrency: param(PositiveInt, "Minimum number of patches read at a time.", 4),
    on_bad_patch: onBadPatch
  },
  run:
    ({ concurrency, on_bad_patch }) =>
    (references) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const threads = yield* Threads
          const { note, saidAfter } = yield* noted("decode")
          const use = yield* decoder(threads, note)
          const most = Math.max(concurrency, 2 * threads)
          return saidAfter(mapGood("decode", on_bad_patch, most, ({ name }: PatchRef) => name, use)(references))
        })
      )
})
