/** A process that exports `patches.lmdb` and prints a line for each file that is written. Arguments: root, `by`, folder. */
import { Effect, Stream } from "effect"
import { exportStore } from "../../src/ops/data/stores/export.ts"
import { toStream } from "../../src/pipeline/interpret.ts"
import { runIn } from "../ops/data/streams.ts"

const [root, by, to] = process.argv.slice(2)
const files = toStream(exportStore({ by: by as "patch" | "shard", to, size: 5 }))
const all = Stream.runForEach(files, ({ path }) => Effect.sync(() => void process.stdout.write(`${path}\n`)))
await Effect.runPromise(Effect.provide(all, runIn(root).layer))
