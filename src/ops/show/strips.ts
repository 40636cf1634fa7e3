import { Effect } from "effect"
import { DataError, StoreError } from "../data/errors.ts"
import { openReader } from "../data/store/lmdb.ts"
import { decodeValue } from "../data/store/value.ts"
import { makeStrips, type OpenBands } from "./draw-strips.ts"

const open: OpenBands<DataError | StoreError, never> = (path) =>
  Effect.map(
    openReader(path),
    (store) => (patch) =>
      Effect.suspend(() => {
        try {
          return Effect.succeed(decodeValue(store.read(patch), patch, "19").bands)
        } catch (fault) {
          if (fault instanceof DataError || fault instanceof StoreError) return Effect.fail(fault)
          return Effect.die(fault)
        }
      })
  )

/** `strips` for stores of patches in LMDB, as `store` writes them; see `makeStrips`. */
export const strips = makeStrips(open)
