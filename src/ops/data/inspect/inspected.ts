/** The patches of everything that can be inspected; each is read only when its turn comes. */
import { existsSync, statSync } from "node:fs"
import { relative, resolve, sep } from "node:path"
import { Effect, type Scope, Stream } from "effect"
import type { Band } from "../../elements.ts"
import { MAX_VALUES } from "../../formats/bounds.ts"
import { DataError, type StoreError } from "../../formats/data-error.ts"
import { dataFile, isStoreFile } from "../../formats/lmdb/guard.ts"
import { decodeSafetensors } from "../../formats/safetensors/read.ts"
import { arrays } from "../archives/arrays/arrays.ts"
import { folder } from "../archives/folder/folder.ts"
import { decodeOwn, ownNames } from "../archives/folder/reader.ts"
import { type ArchiveChoice, decodePatch, openArchive } from "../archives/open-archive.ts"
import { parquet } from "../archives/parquet/parquet.ts"
import { IMAGE } from "../archives/shared/image-files.ts"
import { webdataset } from "../archives/webdataset/webdataset.ts"
import { dataFault } from "../file-access.ts"
import type { Note } from "../patches/noted.ts"
import { decodePatchOf, lazily } from "../stores/every-patch.ts"
import { openReader, type StoreReader } from "../stores/open-store.ts"
import { readLayers } from "./file-layers.ts"
import { patchesBelow } from "./images-below.ts"
import type { Layer } from "./layer-facts.ts"
import { patchOfFile } from "./layer-names.ts"

type Fault = DataError | StoreError

/** A patch that is read when its turn comes. */
export interface Inspected {
  readonly name: string
  readonly layers: Effect.Effect<ReadonlyArray<Layer>, DataError>
}

const fromStore =
  (store: StoreReader) =>
  (name: string): Inspected => ({
    name,
    layers: decodePatchOf(store, name, (bytes) => decodeSafetensors(bytes, name).tensors)
  })

const fromFiles = (name: string, files: ReadonlyArray<string>, note: Note): Inspected => ({
  name,
  layers: Effect.map(
    Effect.forEach(files, (file) => dataFault(() => readLayers(file, note))),
    (layers) => layers.flat()
  )
})

export const nothing = (path: string, problem: string): DataError =>
  new DataError({ subject: path, problem, remedy: "Give a store with patches, a folder of images, or a file" })

const layersOf = (bands: ReadonlyArray<Band>): ReadonlyArray<Layer> =>
  bands.map(({ height, width, ...band }) => ({ ...band, shape: [height, width] }))

/** Patches that share one file, which only an archive's reader can separate. */
const fromPacked = (
  path: string,
  kind: "arrays" | "webdataset" | "parquet",
  choice: ArchiveChoice,
  note: Note
): Effect.Effect<Stream.Stream<Inspected, Fault>, DataError> =>
  Effect.map(
    dataFault(() => openArchive(path, { ...choice, kind })),
    ({ names, reference }) =>
      Stream.fromIterable(names).pipe(
        Stream.map((name) => ({
          name,
          layers: Effect.map(
            dataFault(async () => decodePatch(await reference(name), note)),
            ({ bands }) => layersOf(bands)
          )
        }))
      )
  )

/** Path of a file relative to a folder, with `/`. */
const inside = (folder: string, file: string): string => relative(folder, file).split(sep).join("/")

/** An image of one's own, named as its archive names it and its bands, whether it has labels or not. */
const fromOwn =
  (
    below: string,
    nameOf: (file: string) => string,
    { bands, max_values: maxValues = MAX_VALUES }: ArchiveChoice,
    note: Note
  ) =>
  (file: string): Inspected => ({
    name: nameOf(inside(below, file)),
    layers: Effect.map(
      dataFault(() => decodeOwn(file, bands, { maxValues, note })),
      layersOf
    )
  })

/** Whether a folder is an archive of one's own, by its table of labels. */
const isOwn = (path: string, labels: string | undefined): boolean =>
  folder.recognises(path) || (labels !== undefined && /\.(csv|tsv)$/i.test(labels) && existsSync(resolve(path, labels)))

/** The patches at `path`: in a store, one file, an archive of arrays, shards or Parquet files, or a folder of images. */
export const inspected = (
  path: string,
  choice: ArchiveChoice,
  note: Note
): Effect.Effect<Stream.Stream<Inspected, Fault>, Fault, Scope.Scope> =>
  Effect.gen(function* () {
    if (!existsSync(path)) return yield* nothing(path, "there is no such file or folder")
    if (parquet.recognises(path)) return yield* fromPacked(path, parquet.name, choice, note)
    if (!statSync(path).isDirectory() && !isStoreFile(path))
      return Stream.succeed(fromFiles(patchOfFile(path).patch, [path], note))
    if (existsSync(dataFile(path))) {
      const store = yield* openReader(path)
      return Stream.map(lazily(store.names), fromStore(store))
    }
    for (const { name, recognises } of [arrays, webdataset]) {
      if (recognises(path)) return yield* fromPacked(path, name, choice, note)
    }
    const found = lazily(() => patchesBelow(path))
    if (!isOwn(path, choice.labels)) return Stream.map(found, ({ files, name }) => fromFiles(name, files, note))
    const nameOf = yield* dataFault(() => ownNames(path, choice.labels))
    return found.pipe(
      Stream.flatMap(({ files }) => Stream.fromIterable(files)),
      Stream.filter((file) => IMAGE.test(file)),
      Stream.map(fromOwn(path, nameOf, choice, note))
    )
  })

/**
 * The files of each image of a folder, under the names that `inspected` gives; nothing for a store, a file or an archive of
 * arrays.
 *
 * @returns rejects with DataError if a folder cannot be listed
 */
export const filesByName = async (path: string): Promise<ReadonlyMap<string, ReadonlyArray<string>>> => {
  const named = new Map<string, ReadonlyArray<string>>()
  const plain =
    existsSync(path) && statSync(path).isDirectory() && !existsSync(dataFile(path)) && !arrays.recognises(path)
  if (!plain) return named
  const nameOf = isOwn(path, undefined) ? await ownNames(path, undefined) : undefined
  for (const { files, name } of patchesBelow(path)) {
    if (nameOf === undefined) named.set(name, files)
    else for (const file of files) named.set(nameOf(inside(path, file)), [file])
  }
  return named
}
