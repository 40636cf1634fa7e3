import { join, resolve } from "node:path"
import { Effect, Option, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { type Decoded, Name, PositiveInt, param } from "../../../pipeline/param.ts"
import { type Beside, merged } from "../../../pipeline/splits.ts"
import type { Self } from "../../../pipeline/step.ts"
import { few } from "../../../pipeline/words.ts"
import { RawPatch, Stored } from "../../elements.ts"
import { DataError, StoreError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { type Bad, endWith, onBadPatch } from "../patches/bad-patches.ts"
import { onlyStoreFaults, openReader, openWriter, type StoreWriter } from "./open-store.ts"
import { encodeValue } from "./patch-value.ts"

interface Tally {
  written: number
  /** Patches that the store holds with another value than they have now. */
  readonly unlike: Array<string>
}

const declared = {
  to: param(Name, "Folder of the store; under `root_dir` unless it is absolute.", "patches.lmdb"),
  transaction: param(PositiveInt, "Patches written at a time.", 32),
  on_bad_patch: onBadPatch
}
type Given = Decoded<typeof declared>

/** The patches of one transaction, as the store holds them. */
interface Encoded {
  readonly names: ReadonlyArray<string>
  readonly values: ReadonlyArray<Uint8Array>
}

/** What each transaction puts aside: the names of its patches, and the patches that cannot be encoded. */
interface Put {
  readonly names: ReadonlyArray<string>
  readonly bad: ReadonlyArray<Bad>
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

/** Encodes the patches of one transaction. */
const encoded = (patches: ReadonlyArray<RawPatch>, { on_bad_patch }: Given, { again, put }: Beside<Put>): Encoded => {
  const good: Array<readonly [string, Uint8Array]> = []
  const bad: Array<Bad> = []
  for (const patch of patches) {
    try {
      good.push([patch.name, encodeValue(patch)])
    } catch (fault) {
      if (!(fault instanceof DataError)) throw fault
      bad.push({ name: patch.name, why: fault.message })
    }
  }
  const names = good.map(([name]) => name)
  put({ names, bad })
  if (bad.length > 0 && on_bad_patch === "fail") again()
  return { names, values: good.map(([, value]) => value) }
}

/** Writes one transaction. A patch that the store holds is compared; one with another value is refused. */
const writeOne = (store: StoreWriter, { names, values }: Encoded, tally: Tally, refuse: () => void): void => {
  const fresh = new Map<string, Uint8Array>()
  names.forEach((name, i) => {
    const kept = fresh.get(name) ?? store.kept(name)
    if (kept === undefined) fresh.set(name, values[i])
    else if (Buffer.compare(kept, values[i]) !== 0) {
      tally.unlike.push(name)
      refuse()
    }
  })
  tally.written += store.write([...fresh])
}

/** Ends the writing: reports patches that were left out or there already, or fails. */
const summary = Effect.fnUntraced(function* (
  path: string,
  { on_bad_patch }: Given,
  { unlike, written }: Tally,
  put: ReadonlyArray<Put>
) {
  const run = yield* Run
  const bad = put.flatMap((one) => one.bad)
  const seen = put.reduce((sum, { names }) => sum + names.length, 0)
  yield* endWith("store", on_bad_patch, bad)
  if (seen === 0) return yield* empty(bad)
  if (unlike.length > 0) return yield* stale(path, unlike)
  const kept = seen - written
  if (kept > 0) yield* run.say(`store: ${kept} of ${seen} patches were there already, and are the same`)
  yield* run.wrote(join(path, "data.mdb"))
  return { kind: "stored", path, patches: seen, kept, skipped: bad } satisfies Stored
})

const parts = {
  version: 1,
  make: (params: Given, _: Self, beside: Beside) => (patches: Stream.Stream<RawPatch>) =>
    patches.pipe(
      Stream.grouped(params.transaction),
      Stream.mapEffect((some) => onlyStoreFaults(() => encoded(some, params, beside as Beside<Put>)))
    ),
  merge:
    (params: Given, _: Self, put: () => ReadonlyArray<unknown>, refuse: () => void) => (all: Stream.Stream<Encoded>) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const path = resolve((yield* Run).root, params.to)
          const writer = yield* openWriter(path)
          const tally: Tally = { written: 0, unlike: [] }
          const written = Stream.runForEach(all, (one) => onlyStoreFaults(() => writeOne(writer, one, tally, refuse)))
          const end = Effect.suspend(() => summary(path, params, tally, put() as ReadonlyArray<Put>))
          return Stream.fromEffect(Effect.andThen(written, end))
        })
      ),
  saves: ({ to }: Given) =>
    Effect.gen(function* () {
      const path = resolve((yield* Run).root, to)
      const reader = yield* Effect.option(openReader(path))
      return (put: ReadonlyArray<unknown>) =>
        Option.isSome(reader) && (put as ReadonlyArray<Put>).every(({ names }) => names.every(reader.value.has))
    })
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
  params: declared,
  together: ({ transaction }) => transaction,
  parts,
  run: (params, self) => (patches) => merged(parts)(params, self)(patches)
})
