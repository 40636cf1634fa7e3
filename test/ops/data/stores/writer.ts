/** A process that writes batches to a store until it is killed; says how many are on the disk. */
import { Effect } from "effect"
import { openWriter } from "../../../../src/ops/data/stores/open-store.ts"

const write = Effect.gen(function* () {
  const store = yield* openWriter(process.argv[2])
  for (let batch = 0; batch < 100_000; batch++) {
    store.write([0, 1, 2, 3].map((i) => [`${batch}_${i}`, new Uint8Array(20_000).fill(batch % 256)]))
    process.stdout.write(`${batch}\n`)
  }
})
await Effect.runPromise(Effect.scoped(write))
