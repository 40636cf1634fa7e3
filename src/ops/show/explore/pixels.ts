/** Pixels of images by name, from a store, an archive's folder or a folder of images. */
import { existsSync } from "node:fs"
import { Effect, type Scope, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { inspected } from "../../data/inspect/inspected.ts"
import type { Layer } from "../../data/inspect/layer-facts.ts"
import { unnoted } from "../../data/patches/noted.ts"
import { openReader } from "../../data/stores/open-store.ts"
import { decodeBands } from "../../data/stores/patch-value.ts"
import type { Band } from "../../elements.ts"
import { DataError, type StoreError } from "../../formats/data-error.ts"
import { dataFile, isStoreFile } from "../../formats/lmdb/guard.ts"

/** Reads all bands of an image; `undefined` if there is no image of that name. */
export type Pixels = (name: string) => Effect.Effect<ReadonlyArray<Band>, DataError | StoreError> | undefined

const bandOf = (patch: string, { shape, ...layer }: Layer): Band => {
  const [height, width, ...more] = shape
  if (height !== undefined && width !== undefined && more.length === 0) return { ...layer, height, width }
  throw new DataError({
    subject: patch,
    problem: `${layer.name} has the shape (${shape.join(", ")}), which is not a band of an image`,
    remedy: "Give one array [height, width] per band"
  })
}

/** Opens whatever lies at `path`; closed with the scope. */
export const openPixels = (path: string): Effect.Effect<Pixels, DataError | StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    if (isStoreFile(path) || existsSync(dataFile(path))) {
      const reader = yield* openReader(path)
      return (name) => (reader.has(name) ? reader.decode(name, (bytes) => decodeBands(bytes, name)) : undefined)
    }
    const all = yield* Stream.runCollect(yield* inspected(path, {}, unnoted))
    const known = new Map(all.map((one) => [one.name, one] as const))
    return (name) => {
      const one = known.get(name)
      return one === undefined
        ? undefined
        : Effect.flatMap(one.layers, (layers) => attempt(DataError)(() => layers.map((layer) => bandOf(name, layer))))
    }
  })
