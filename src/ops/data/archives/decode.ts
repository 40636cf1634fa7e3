import { Effect, Scope, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { PositiveInt, param } from "../../../pipeline/param.ts"
import { PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { type WorkerError, workerPool } from "../../workers/pool.ts"
import { Threads } from "../../workers/threads.ts"
import { dataFault } from "../file-access.ts"
import { mapGood, onBadPatch } from "../patches/bad-patches.ts"
import { decodePatch } from "./open-archive.ts"

/** So many patches are read before threads are started: small archives are done by then. */
const BEFORE_THREADS = 256

const here = (reference: PatchRef): Effect.Effect<RawPatch, DataError> => dataFault(() => decodePatch(reference))

/** What the archive is at fault for is the patch's; a thread that died is nobody's. */
const patchFault = (error: WorkerError): Effect.Effect<never, DataError> =>
  error.thrown === "DataError" ? Effect.fail(new DataError(error)) : Effect.die(error)

/** Decodes here, and on worker threads from the patch on that makes them worth their start. */
const decoder = Effect.fnUntraced(function* (threads: number) {
  const pool = yield* Effect.cached(
    workerPool<PatchRef, RawPatch>({ module: new URL("./decode-work.ts", import.meta.url), size: threads })
  )
  const scope = yield* Effect.scope
  const there = (reference: PatchRef) =>
    Effect.provideService(pool, Scope.Scope, scope).pipe(
      Effect.flatMap(({ run }) => run(reference)),
      Effect.catch(patchFault)
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
    concurrency: param(PositiveInt, "Patches read at a time, at least.", 4),
    on_bad_patch: onBadPatch
  },
  run:
    ({ concurrency, on_bad_patch }) =>
    (references) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const threads = yield* Threads
          const use = yield* decoder(threads)
          const most = Math.max(concurrency, 2 * threads)
          return references.pipe(mapGood("decode", on_bad_patch, most, ({ name }) => name, use))
        })
      )
})
