import { existsSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, type Scope, Stream } from "effect"
import { type AnyElement, element } from "../../pipeline/element.ts"
import { source } from "../../pipeline/operator.ts"
import { Name, NonNegativeInt, PositiveInt, param } from "../../pipeline/param.ts"
import { Run } from "../run.ts"
import { mapGood, onBadPatch } from "./bad-patches.ts"
import { attempt, DataError, type StoreError } from "./errors.ts"
import { dataFault } from "./files.ts"
import { type Facts, factsOf, type Layer } from "./inspect/facts.ts"
import { patchOfFile, readLayers } from "./inspect/file.ts"
import { patchesBelow } from "./inspect/folder.ts"
import { decodeSafetensors } from "./safetensors.ts"
import { lazily, loadPatch } from "./store/each.ts"
import { dataFile } from "./store/guard.ts"
import { openReader, type StoreReader } from "./store/lmdb.ts"

/** What a file or store holds of one band of one patch. */
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

type Fault = DataError | StoreError

/** A patch that is read when it is its turn. */
interface Inspected {
  readonly name: string
  readonly layers: Effect.Effect<ReadonlyArray<Layer>, DataError>
}

const fromStore =
  (store: StoreReader) =>
  (name: string): Inspected => ({
    name,
    layers: Effect.flatMap(loadPatch(store, name), (bytes) => attempt(() => decodeSafetensors(bytes, name).tensors))
  })

const fromFiles = (name: string, files: ReadonlyArray<string>): Inspected => ({
  name,
  layers: Effect.map(
    Effect.forEach(files, (file) => dataFault(() => readLayers(file))),
    (layers) => layers.flat()
  )
})

const nothing = (path: string, problem: string): DataError =>
  new DataError({ subject: path, problem, remedy: "Give a store with patches, a folder of images, or a file" })

/** The patches of whatever stands at `path`: a store, one file, or a folder of images. */
const inspected = (path: string): Effect.Effect<Stream.Stream<Inspected, Fault>, Fault, Scope.Scope> =>
  Effect.gen(function* () {
    if (!existsSync(path)) return yield* nothing(path, "there is no such file or folder")
    if (!statSync(path).isDirectory()) return Stream.succeed(fromFiles(patchOfFile(path).patch, [path]))
    if (!existsSync(dataFile(path))) {
      const found = lazily(() => patchesBelow(path))
      return Stream.map(found, ({ files, name }) => fromFiles(name, files))
    }
    const store = yield* openReader(path)
    return Stream.map(lazily(store.names), fromStore(store))
  })

/** Every band's facts of a patch. */
const look = ({ layers, name }: Inspected): Effect.Effect<ReadonlyArray<BandFacts>, DataError> =>
  Effect.map(layers, (found) =>
    found.map((layer): BandFacts => ({ kind: "band facts", patch: name, band: layer.name, ...factsOf(layer) }))
  )

/**
 * Says what is in a store, a file or a folder of images, without regard to what archive it is: for comparing what this
 * program reads with what others do.
 */
export const inspect = source({
  name: "inspect",
  about: "Reads every band of a store, an archive's folder or one file, and gives what is in it, hashed.",
  to: BandFacts,
  params: {
    from: param(Name, "A store of either version, a folder, or a .tif, .jpg, .png, .npy or .safetensors file."),
    limit: param(NonNegativeInt, "Patches looked at; 0 is all of them.", 0),
    concurrency: param(PositiveInt, "Patches read at a time.", 4),
    on_bad_patch: onBadPatch
  },
  run: ({ from, limit, concurrency, on_bad_patch }) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { root } = yield* Run
        const path = resolve(root, from)
        const all = yield* inspected(path)
        let patches = 0
        const ended = Stream.suspend(() =>
          patches > 0 ? Stream.empty : Stream.fail(nothing(path, "holds nothing to inspect"))
        )
        return (limit === 0 ? all : Stream.take(all, limit)).pipe(
          Stream.tap(() => Effect.sync(() => void patches++)),
          mapGood("inspect", on_bad_patch, concurrency, ({ name }: Inspected) => name, look),
          Stream.flatMap((facts) => Stream.fromIterable(facts)),
          Stream.concat(ended)
        )
      })
    )
})
