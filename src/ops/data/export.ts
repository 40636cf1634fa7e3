import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { type AnyElement, element } from "../../pipeline/element.ts"
import { source } from "../../pipeline/operator.ts"
import { choice, Name, PositiveInt, param } from "../../pipeline/param.ts"
import { writeFileAtomic } from "../files.ts"
import { Run } from "../run.ts"
import { mapGood, onBadPatch } from "./bad-patches.ts"
import { attempt, DataError } from "./errors.ts"
import { fileFault } from "./files.ts"
import { decodeSafetensors, type Safetensors } from "./safetensors.ts"
import { encodeSafetensors } from "./safetensors-write.ts"
import { loadPatch, openAll } from "./store/each.ts"

/** One file that was written. */
export interface Exported extends AnyElement {
  readonly kind: "exported file"
  readonly path: string
  readonly patches: number
}
export const Exported = element<Exported>("exported file", "exported files", "a safetensors file, and how many patches")

interface Value {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The file of one patch, in a folder where its name has one; names that would lead elsewhere have none. */
const fileOf = (folder: string, name: string): string => {
  const sound = name.split("/").every((part) => !/^\.{0,2}$|[\\\0]/.test(part))
  if (sound) return join(folder, `${name}.safetensors`)
  throw new DataError({ subject: name, problem: "cannot be a file's name", remedy: "Export with `by: shard`" })
}

/** Tensors and metadata of many patches under `PATCH/BAND` and `PATCH/KEY`. */
const joined = (values: ReadonlyArray<Value>): Safetensors => {
  const tensors: Array<Safetensors["tensors"][number]> = []
  const metadata: Record<string, string> = {}
  for (const { bytes, name } of values) {
    const value = decodeSafetensors(bytes, name)
    for (const tensor of value.tensors) tensors.push({ ...tensor, name: `${name}/${tensor.name}` })
    for (const [key, text] of Object.entries(value.metadata)) metadata[`${name}/${key}`] = text
  }
  return { tensors, metadata }
}

/** `patches-00001-of-00012.safetensors`, as sharded safetensors are usually named. */
const shardName = (shard: number, shards: number): string => {
  const number = (n: number) => String(n).padStart(5, "0")
  return `patches-${number(shard + 1)}-of-${number(shards)}.safetensors`
}

const exportPatch =
  (folder: string) =>
  ({ bytes, name }: Value) =>
    Effect.gen(function* () {
      const path = yield* attempt(() => fileOf(folder, name))
      yield* fileFault(path, () => writeFileAtomic(path, bytes))
      return { kind: "exported file", path, patches: 1 } satisfies Exported
    })

/** Writes a shard, and notes where each of its tensors stands. */
const exportShard = (folder: string, shards: number, weightMap: Record<string, string>) => {
  let shard = 0
  return (values: ReadonlyArray<Value>) =>
    Effect.gen(function* () {
      const name = shardName(shard++, shards)
      const path = join(folder, name)
      const { metadata, tensors } = yield* attempt(() => joined(values))
      yield* fileFault(path, () => writeFileAtomic(path, encodeSafetensors(tensors, metadata)))
      for (const tensor of tensors) weightMap[tensor.name] = name
      return { kind: "exported file", path, patches: values.length } satisfies Exported
    })
}

/**
 * Writes a store's patches for other programs, whose LMDB cannot open stores of data version 2. A file is whole or not
 * there; those of an earlier export are replaced.
 */
export const exportStore = source({
  name: "export",
  about: "Writes a store as safetensors files, one a patch or some patches a shard, for programs in any language.",
  to: Exported,
  params: {
    from: param(Name, "The store, of either version; under `root_dir` unless it is absolute.", "patches.lmdb"),
    to: param(Name, "Folder of the files; under `root_dir` unless it is absolute.", "patches"),
    by: param(
      choice("shard", "patch"),
      "`shard`: tensors PATCH/BAND of many patches a file, with an index; `patch`: a file NAME.safetensors each, in folders where names have some.",
      "shard"
    ),
    size: param(PositiveInt, "Patches of a shard.", 500),
    on_bad_patch: onBadPatch
  },
  run: ({ from, to, by, size, on_bad_patch }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const run = yield* Run
        const folder = resolve(run.root, to)
        const { names, store } = yield* openAll(resolve(run.root, from))
        const shards = Math.ceil(store.size / size)
        const load = (name: string) =>
          Effect.flatMap(loadPatch(store, name), (bytes) =>
            attempt(() => {
              decodeSafetensors(bytes, name)
              return { name, bytes }
            })
          )
        const values = names.pipe(mapGood("export", on_bad_patch, 4, (name: string) => name, load))
        const weightMap: Record<string, string> = {}
        const index = join(folder, "patches.safetensors.index.json")
        const written = Effect.gen(function* () {
          const text = JSON.stringify({ metadata: {}, weight_map: weightMap }, null, 1)
          yield* fileFault(index, () => writeFileAtomic(index, text))
          yield* run.wrote(index)
        })
        self.expect(by === "patch" ? store.size : shards)
        if (by === "patch") return Stream.mapEffect(values, exportPatch(folder))
        return values.pipe(
          Stream.grouped(size),
          Stream.rechunk(1),
          Stream.mapEffect(exportShard(folder, shards, weightMap)),
          Stream.concat(Stream.drain(Stream.fromEffect(written)))
        )
      })
    )
})
