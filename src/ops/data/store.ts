import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Name, PositiveInt, param } from "../../pipeline/param.ts"
import { RawPatch, Stored } from "../elements.ts"
import { Run } from "../run.ts"
import { type Bad, badPatches, onBadPatch, reportSkipped } from "./bad-patches.ts"
import { DataError } from "./errors.ts"
import { onlyStoreFaults, openWriter, type StoreWriter } from "./store/lmdb.ts"
import { encodeValue } from "./store/value.ts"

interface Tally {
  seen: number
  written: number
  readonly bad: Array<Bad>
}

/** Writes one transaction; patches that cannot be encoded are set aside. */
const writeBatch = (store: StoreWriter, patches: ReadonlyArray<RawPatch>, tally: Tally): void => {
  const values: Array<readonly [string, Uint8Array]> = []
  for (const patch of patches) {
    try {
      if (!store.has(patch.name)) values.push([patch.name, encodeValue(patch)])
      tally.seen++
    } catch (fault) {
      if (!(fault instanceof DataError)) throw fault
      tally.bad.push({ name: patch.name, why: fault.message })
    }
  }
  tally.written += store.write(values)
}

/**
 * Writes patches into an LMDB store, a synced transaction per batch: a run that was killed goes on where it stopped, and
 * a finished store is left as it is.
 */
export const store = operator({
  name: "store",
  about: "Writes patches into an LMDB store: one safetensors value per patch, its labels as metadata.",
  from: RawPatch,
  to: Stored,
  params: {
    to: param(Name, "Folder of the store, under `root_dir`.", "patches.lmdb"),
    transaction: param(PositiveInt, "Patches written at a time.", 32),
    on_bad_patch: onBadPatch
  },
  run:
    ({ to, transaction, on_bad_patch }) =>
    (patches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const path = join(run.root, to)
          const writer = yield* openWriter(path)
          const tally: Tally = { seen: 0, written: 0, bad: [] }
          const all = patches.pipe(
            Stream.grouped(transaction),
            Stream.runForEach((batch) => onlyStoreFaults(() => writeBatch(writer, batch, tally)))
          )
          const summary = Effect.gen(function* () {
            if (tally.bad.length > 0 && on_bad_patch === "fail") return yield* badPatches("store", tally.bad)
            yield* reportSkipped("store", tally.bad)
            yield* run.wrote(join(path, "data.mdb"))
            return {
              kind: "stored",
              path,
              patches: tally.seen,
              kept: tally.seen - tally.written,
              skipped: tally.bad
            } satisfies Stored
          })
          return Stream.fromEffect(Effect.andThen(all, summary))
        })
      )
})
