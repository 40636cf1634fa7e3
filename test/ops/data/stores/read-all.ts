/**
 * A process that reads stores which may be damaged, since the LMDB binding could take its process with it. Arguments: the
 * folders. Prints a line for each: `{ values: { name: base64 } }`, or `{ fault, tag }`; then whether it can still be written.
 */
import { Effect } from "effect"
import {
  onlyStoreFaults,
  openReader,
  openWriter,
  type StoreReader
} from "../../../../src/ops/data/stores/open-store.ts"
import { DataError, StoreError } from "../../../../src/ops/formats/data-error.ts"
import { decodeSafetensors } from "../../../../src/ops/formats/safetensors/read.ts"

/** A patch that cannot be read is left out; a key that is no name fails the store, as it fails whoever lists it. */
const valuesOf = (store: StoreReader): Readonly<Record<string, string>> => {
  const values: Record<string, string> = {}
  for (const name of store.names()) {
    try {
      const bytes = store.read(name)
      decodeSafetensors(bytes, name)
      values[name] = Buffer.from(bytes).toString("base64")
    } catch (fault) {
      if (!(fault instanceof StoreError || fault instanceof DataError)) throw fault
    }
  }
  return values
}

const look = (path: string) =>
  Effect.scoped(Effect.flatMap(openReader(path), (store) => onlyStoreFaults(() => valuesOf(store))))

const write = (path: string) =>
  Effect.scoped(Effect.map(openWriter(path), (store) => store.write([["a new one", new Uint8Array(9000)]])))

for (const path of process.argv.slice(2)) {
  const told = Effect.andThen(look(path), (values) =>
    Effect.match(write(path), {
      onFailure: (fault) => ({ values, fault: fault.message }),
      onSuccess: () => ({ values })
    })
  ).pipe(
    Effect.match({ onFailure: (fault) => ({ fault: fault.message, tag: fault._tag }), onSuccess: (found) => found })
  )
  console.log(JSON.stringify(await Effect.runPromise(told)))
}
