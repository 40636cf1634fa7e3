import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { decodePatch, openArchive } from "../../data/archives/open-archive.ts"
import { dataFault } from "../../data/file-access.ts"
import { unnoted } from "../../data/patches/noted.ts"
import { bandsOf, imagesAt } from "../../data/patches/reading/loose-images.ts"
import { openReader } from "../../data/stores/open-store.ts"
import { decodeBands } from "../../data/stores/patch-value.ts"
import { DataError, type StoreError } from "../../formats/data-error.ts"
import { positions } from "../../retrieve/embeddings/labels/names.ts"
import { makeStrips, type OpenBands, type Place } from "./draw-strips.ts"

/** Reads images of a plain folder by their names, with or without the ending of a file; `undefined` for other names. */
const loose = (path: string) =>
  attempt(DataError)(() => {
    const found = imagesAt(path)
    const find = positions(found.map(({ name }) => name))
    return (patch: string) => {
      const at = find(patch)
      return at === undefined ? undefined : dataFault(() => bandsOf(found[at], undefined, unnoted))
    }
  })

const inFolder = (path: string) =>
  Effect.map(
    loose(path),
    (read) => (patch: string) =>
      read(patch) ??
      new DataError({
        subject: patch,
        problem: `has no image in ${path}`,
        remedy: "Give the folder of the images that were embedded"
      })
  )

const opened = ({ kind, path, store }: Place) =>
  store === "images"
    ? inFolder(path)
    : store === "none"
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
    const other = images === undefined ? () => undefined : yield* loose(images)
    return (patch) => other(patch) ?? read(patch)
  })

/** The operator `strips` for stores that `store` wrote and for archives on disk; see `makeStrips`. */
export const strips = makeStrips(open)
