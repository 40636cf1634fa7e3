import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { Name, PositiveInt, param } from "../../../pipeline/param.ts"
import { few } from "../../../pipeline/words.ts"
import { RawPatch, Stored } from "../../elements.ts"
import { DataError, StoreError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { type Bad, badPatches, onBadPatch, reportSkipped } from "../patches/bad-patches.ts"
import { onlyStoreFaults, openWriter, type StoreWriter } from "./open-store.ts"
import { encodeValue } from "./patch-value.ts"

interface Tally {
  seen: number
  written: number
  readonly bad: Array<Bad>
  /** Patches that the store holds with another value than they have now. */
  readonly unlike: Array<string>
}

/** The store may be right as well as the archive: one of them has changed, or is another's. */
const stale = (path: string, names: ReadonlyArray<string>): StoreError =>
  new StoreError({
    subject: path,
    problem: `holds ${names.length} of these patches with other pixels, bands or labels (${few(names)})`,
    remedy: "Choose another folder with `to`, or move the old store away if the archive has changed"
  })

/** A store without patches would fail whoever reads it, later and elsewhere. */
const empty = (bad: ReadonlyArray<Bad>): DataError =>
  new DataError({
    subject: "store",
    problem: bad.length === 0 ? "no patches arrived" : `all patches that arrived are bad, first ${bad[0].why}`,
    remedy: "Check the archive and the steps before `store`"
  })

/** Writes one transaction; patches that cannot be encoded are set aside. */
const writeBatch = (store: StoreWriter, patches: ReadonlyArray<RawPatch>, tally: Tally): void => {
  const values = new Map<string, Uint8Array>()
  for (const patch of patches) {
    try {
      const value = encodeValue(patch)
      const kept = values.get(patch.name) ?? store.kept(patch.name)
      if (kept === undefined) values.set(patch.name, value)
      else if (Buffer.compare(kept, value) !== 0) tally.unlike.push(patch.name)
      tally.seen++
    } catch (fault) {
      if (!(fault instanceof DataError)) throw fault
      tally.bad.push({ name: patch.name, why: fault.message })
    }
  }
  tally.written += store.write([...values])
}

/**
 * Writes patches into an LMDB store, one synced transaction per batch. A killed run continues where it stopped; a finished
 * store is not changed.
 */
export const store = operator({
  name: "store",
  about: "Writes patches into an LMDB store: one safetensors value per patch, its labels as metadata.",
  from: RawPatch,
  to: Stored,
  params: {
    to: param(Name, "Folder of the store; under `root_dir` unless it is absolute.", "patches.lmdb"),
    transaction: param(PositiveInt, "Patches written at a time.", 32),
    on_bad_patch: onBadPatch
  },
  run:
    ({ to, transaction, on_bad_patch }) =>
    (patches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const path = resolve(run.root, to)
          const writer = yield* openWriter(path)
          const tally: Tally = { seen: 0, written: 0, bad: [], unlike: [] }
          const all = patches.pipe(
            Stream.grouped(transaction),
            Stream.runForEach((batch) => onlyStoreFaults(() => writeBatch(writer, batch, tally)))
          )
          const summary = Effect.gen(function* () {
            if (tally.bad.length > 0 && on_bad_patch === "fail") return yield* badPatches("store", tally.bad)
            yield* reportSkipped("store", tally.bad)
            if (tally.seen === 0) return yield* empty(tally.bad)
            if (tally.unlike.length > 0) return yield* stale(path, tally.unlike)
            const kept = tally.seen - tally.written
            if (kept > 0) yield* run.say(`store: ${kept} of ${tally.seen} patches were there already, and are the same`)
            yield* run.wrote(join(path, "data.mdb"))
            return {
              kind: "stored",
              path,
              patches: tally.seen,
              kept,
              skipped: tally.bad
            } satisfies Stored
          })
          return Stream.fromEffect(Effect.andThen(all, summary))
        })
      )
})
