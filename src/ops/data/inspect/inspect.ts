import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { type AnyElement, element } from "../../../pipeline/element.ts"
import { source } from "../../../pipeline/operator.ts"
import { Name, NonNegativeInt, optional, PositiveInt, param } from "../../../pipeline/param.ts"
import type { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { ArchiveSchema } from "../archives/archive.ts"
import { mapGood, onBadPatch } from "../patches/bad-patches.ts"
import { noted } from "../patches/noted.ts"
import { type Inspected, inspected, nothing } from "./inspected.ts"
import { type Facts, factsOf } from "./layer-facts.ts"

/** Facts about one band of one patch. */
export interface BandFacts extends AnyElement, Facts {
  readonly kind: "band facts"
  readonly patch: string
  readonly band: string
}
export const BandFacts = element<BandFacts>(
  "band facts",
  "facts of bands",
  "a band's dtype, shape, SHA-256, smallest, largest and mean value"
)

/** The facts about every band of a patch. */
const look = ({ layers, name }: Inspected): Effect.Effect<ReadonlyArray<BandFacts>, DataError> =>
  Effect.map(layers, (found) =>
    found.map((layer): BandFacts => ({ kind: "band facts", patch: name, band: layer.name, ...factsOf(layer) }))
  )

/**
 * Describes the bands in a store, a file or a folder of images, whatever archive it is, to compare this program's reading
 * with that of others.
 */
export const inspect = source({
  name: "inspect",
  about: "Reads every band of a store, an archive's folder or one file, and gives its dtype, shape, hash and range.",
  to: BandFacts,
  params: {
    from: param(Name, "A store of either version, a folder, or a .tif, .jpg, .png, .npy or .safetensors file."),
    archive: optional(ArchiveSchema, "How arrays are read: parameters of the operator `archive`."),
    limit: param(NonNegativeInt, "How many patches are read; 0 for all.", 0),
    concurrency: param(PositiveInt, "Patches read at a time.", 4),
    on_bad_patch: onBadPatch
  },
  run: ({ from, archive, limit, concurrency, on_bad_patch }) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { root } = yield* Run
        const path = resolve(root, from)
        const { note, saidAfter } = yield* noted("inspect")
        const all = yield* inspected(path, archive ?? {}, note)
        let patches = 0
        const ended = Stream.suspend(() =>
          patches > 0 ? Stream.empty : Stream.fail(nothing(path, "holds nothing to inspect"))
        )
        return (limit === 0 ? all : Stream.take(all, limit)).pipe(
          Stream.tap(() => Effect.sync(() => void patches++)),
          mapGood("inspect", on_bad_patch, concurrency, ({ name }: Inspected) => name, look),
          Stream.flatMap((facts) => Stream.fromIterable(facts)),
          Stream.concat(ended),
          saidAfter
        )
      })
    )
})
