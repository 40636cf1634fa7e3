import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { decodePatch, openArchive } from "../../data/archives/open-archive.ts"
import { dataFault } from "../../data/file-access.ts"
import { bandsOf, imagesAt } from "../../data/patches/reading/loose-images.ts"
import { openReader } from "../../data/stores/open-store.ts"
import { decodeBands } from "../../data/stores/patch-value.ts"
import { DataError, type StoreError } from "../../formats/data-error.ts"
import { makeStrips, type OpenBands, type Place } from "./draw-strips.ts"

const opened = ({ kind, path, store }: Place) =>
  store === "none"
    ? Effect.map(
        dataFault(() => openArchive(path, { kind })),
        ({ reference }) =>
          (patch: string) =>
            Effect.map(
              dataFault(async () => decodePatch(await reference(patch))),
              ({ bands }) => bands
            )
      )
    : Effect.map(
        openReader(path),
        (reader) => (patch: string) => reader.decode(patch, (bytes) => decodeBands(bytes, patch))
      )

const open: OpenBands<DataError | StoreError, never> = (place) =>
  Effect.gen(function* () {
    const read = yield* opened(place)
    const { images } = place
    const others = images === undefined ? [] : yield* attempt(DataError)(() => imagesAt(images))
    return (patch) => {
      const other = others.find(({ name }) => name === patch)
      return other === undefined ? read(patch) : dataFault(() => bandsOf(other, undefined))
    }
  })

/** The operator `strips` for stores that `store` wrote and for archives on disk; see `makeStrips`. */
export const strips = makeStrips(open)
