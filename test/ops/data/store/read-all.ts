/**
 * A process that reads stores which may be damaged, since the LMDB binding could take its process with it. Arguments: the
 * folders. Prints a line for each: `{ values: { name: base64 } }`, or `{ fault, tag }`; then whether it can still be written.
 */
import { Effect } from "effect"
import { openReader, openWriter } from "../../../../src/ops/data/store/lmdb.ts"

const look = (path: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const store = yield* openReader(path)
      const values: Record<string, string> = {}
      for (const name of store.names()) {
        try {
          values[name] = Buffer.from(store.read(name)).toString("base64")
        } catch (fault) {
          if ((fault as { readonly _tag?: string })._tag !== "StoreError") throw fault
        }
      }
      return values
    })
  )

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
