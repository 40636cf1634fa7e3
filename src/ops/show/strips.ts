import { Effect } from "effect"
import { NO_OPTIONS } from "../data/archive/kind.ts"
import { archiveKind, decodePatch } from "../data/archives.ts"
import { attempt, type DataError, type StoreError } from "../data/errors.ts"
import { dataFault } from "../data/files.ts"
import { openReader } from "../data/store/lmdb.ts"
import { decodeBands } from "../data/store/value.ts"
import { makeStrips, type OpenBands } from "./draw-strips.ts"

const open: OpenBands<DataError | StoreError, never> = ({ kind, path, store }) =>
  store === "none"
    ? Effect.map(
        dataFault(() => archiveKind(kind).open(path, NO_OPTIONS)),
        ({ reference }) =>
          (patch) =>
            Effect.map(
              dataFault(async () => decodePatch(await reference(patch))),
              ({ bands }) => bands
            )
      )
    : Effect.map(
        openReader(path),
        (reader) => (patch) => Effect.flatMap(reader.load(patch), (bytes) => attempt(() => decodeBands(bytes, patch)))
      )

/** `strips` for stores of patches in LMDB, as `store` writes them, and for archives as they lie; see `makeStrips`. */
export const strips = makeStrips(open)
