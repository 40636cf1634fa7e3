/**
 * An operator of your own in a pipeline that is composed in code.
 *
 *   npx tsx docs/examples/1-own-operator.ts
 *
 * It makes a small archive, keeps its bright patches, and prints their names.
 */
import { mkdirSync } from "node:fs"
import { Effect, Schema, Stream } from "effect"
// In a project of your own: from "orbitrank"
import { archive, decode, inCode, miniature, operator, param, RawPatch, toStream } from "../../src/index.ts"

const folder = process.argv[2] ?? "outputs/examples"
mkdirSync(folder, { recursive: true })

/** Keeps the patches whose mean over all bands is at least `least`. */
const bright = operator({
  name: "bright",
  about: "Keeps bright patches.",
  from: RawPatch,
  to: RawPatch,
  params: { least: param(Schema.Number, "Smallest mean.") },
  run:
    ({ least }) =>
    (patches) =>
      Stream.filter(patches, ({ bands }) => {
        const values = bands.flatMap(({ data }) => [...data])
        return values.reduce((sum, value) => sum + value, 0) / values.length >= least
      })
})

// `bright` takes decoded patches: directly after `archive`, which only lists patches, it would not compile.
const made = miniature({ kind: "ucm", patches: 12, size: 32, to: "ucm" })
const chosen = archive({ kind: "ucm", path: "ucm" }).pipe(decode(), bright({ least: 128 }))

const program = Effect.gen(function* () {
  yield* Stream.runDrain(toStream(made))
  const patches = yield* Stream.runCollect(toStream(chosen))
  for (const { labels, name } of patches) console.log(`${name}: ${labels.join(", ")}`)
  console.log(`${patches.length} of 12 patches are bright`)
})

await Effect.runPromise(Effect.provide(program, inCode({ folder, root_dir: folder })))
