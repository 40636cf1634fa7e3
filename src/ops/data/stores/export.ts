import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { type AnyElement, element } from "../../../pipeline/element.ts"
import { source } from "../../../pipeline/operator.ts"
import { choice, Name, PositiveInt, param } from "../../../pipeline/param.ts"
import { DataError, type StoreError } from "../../formats/data-error.ts"
import { sweepPartials, writeFileAtomic } from "../../formats/files.ts"
import { describeSafetensors } from "../../formats/safetensors/read.ts"
import { Run } from "../../run.ts"
import { fileFault } from "../file-access.ts"
import { mapGood, onBadPatch } from "../patches/bad-patches.ts"
import { loadPatch, openAll } from "./every-patch.ts"
import { Shards, type Value } from "./shards.ts"

/** One file that was written. */
export interface Exported extends AnyElement {
  readonly kind: "exported file"
  readonly path: string
  readonly patches: number
}
export const Exported = element<Exported>("exported file", "exported files", "a safetensors file, and how many patches")

/** File systems take names of 255 bytes; while a file is written, its name is longer. */
const LONGEST = 220

const ENDING = ".safetensors"

/**
 * The file of one patch, in a folder if its name has one.
 *
 * @param has whether the store holds a patch of that name
 * @throws DataError if the name would lead out of `folder`, or a folder of the name is the file of another patch
 */
const fileOf = (folder: string, name: string, has: (name: string) => boolean): string => {
  const refuse = (problem: string) => new DataError({ subject: name, problem, remedy: "Export with `by: shard`" })
  const parts = name.split("/")
  const sound = (part: string) => !/^\.{0,2}$|[\\\0]/.test(part) && Buffer.byteLength(part) <= LONGEST
  if (!parts.every(sound)) throw refuse("cannot be a file's name")
  for (let i = 1; i < parts.length; i++) {
    const above = parts.slice(0, i).join("/")
    if (above.endsWith(ENDING) && has(above.slice(0, -ENDING.length))) {
      throw refuse(`needs the folder ${above}, which is the file of patch ${above.slice(0, -ENDING.length)}`)
    }
  }
  return join(folder, `${name}${ENDING}`)
}

const exported = (path: string, patches: number): Exported => ({ kind: "exported file", path, patches })

type Values = Stream.Stream<Value, DataError | StoreError, Run>

const byPatch = (values: Values, place: (name: string) => string) =>
  Stream.mapEffect(values, ({ bytes, name }) => {
    const path = place(name)
    return Effect.as(
      fileFault(path, () => writeFileAtomic(path, bytes)),
      exported(path, 1)
    )
  })

const byShard = (values: Values, folder: string, size: number) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const run = yield* Run
      const shards = yield* Effect.acquireRelease(
        fileFault(folder, () => new Shards(folder)),
        (shards) => Effect.sync(() => shards.abandon())
      )
      const finished = Effect.andThen(
        fileFault(shards.index, () => shards.finish()),
        run.wrote(shards.index)
      )
      return values.pipe(
        Stream.grouped(size),
        Stream.rechunk(1),
        Stream.mapEffect((some) => {
          const path = shards.next
          return Effect.as(
            fileFault(path, () => shards.write(some)),
            exported(path, some.length)
          )
        }),
        Stream.concat(Stream.drain(Stream.fromEffect(finished)))
      )
    })
  )

/**
 * Writes a store's patches for other programs, whose LMDB cannot open stores of data version 2. A file is whole or absent;
 * partial files that killed exports left in the folder are removed first.
 */
export const exportStore = source({
  name: "export",
  about:
    "Writes a store as safetensors files, one per patch or one per shard of patches, for programs in any language.",
  to: Exported,
  params: {
    from: param(Name, "The store, of either version; under `root_dir` unless it is absolute.", "patches.lmdb"),
    to: param(Name, "Folder of the files; under `root_dir` unless it is absolute.", "patches"),
    by: param(
      choice("shard", "patch"),
      "`shard`: files with the tensors PATCH/BAND of many patches, and an index; `patch`: one file NAME.safetensors per patch, in folders if names have slashes.",
      "shard"
    ),
    size: param(PositiveInt, "Patches per shard.", 500),
    on_bad_patch: onBadPatch
  },
  run: ({ from, to, by, size, on_bad_patch }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const run = yield* Run
        const folder = resolve(run.root, to)
        const { names, store } = yield* openAll(resolve(run.root, from))
        const place = (name: string) => fileOf(folder, name, store.has)
        const load = (name: string) =>
          Effect.flatMap(loadPatch(store, name), (bytes) =>
            attempt(DataError)(() => {
              describeSafetensors(bytes, name)
              if (by === "patch") place(name)
              return { name, bytes }
            })
          )
        yield* fileFault(folder, () => sweepPartials(folder, { stale: 0, deep: by === "patch" }))
        const values = names.pipe(mapGood("export", on_bad_patch, 4, (name: string) => name, load))
        self.expect(by === "patch" ? store.size : Math.ceil(store.size / size))
        return by === "patch" ? byPatch(values, place) : byShard(values, folder, size)
      })
    )
})
