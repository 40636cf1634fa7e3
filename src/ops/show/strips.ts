import { Effect } from "effect"
import { attempt, type DataError, type StoreError } from "../data/errors.ts"
import { openReader } from "../data/store/lmdb.ts"
import { decodeBands } from "../data/store/value.ts"
import { makeStrips, type OpenBands } from "./draw-strips.ts"

const open: OpenBands<DataError | StoreError, never> = (path) =>
  Effect.map(
    openReader(path),
    (store) => (patch) => Effect.flatMap(store.load(patch), (bytes) => attempt(() => decodeBands(bytes, patch)))
  )

/** `strips` for stores of patches in LMDB, as `store` writes them; see `makeStrips`. */
export const strips = makeStrips(open)
