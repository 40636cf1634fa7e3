/** Sources of patches for `read`: a store, or the files of an archive. Both give the same patches. */
import { Effect, type Scope } from "effect"
import { attempt } from "../../../../pipeline/attempt.ts"
import type { RawPatch } from "../../../elements.ts"
import { DataError, type StoreError } from "../../../formats/data-error.ts"
import { type NomenclatureName, nomenclatureOf, OWN, translateLabels } from "../../archives/nomenclatures.ts"
import { type ArchiveChoice, decodePatch, type OpenArchive, openArchive } from "../../archives/open-archive.ts"
import { dataFault } from "../../file-access.ts"
import { openReader } from "../../stores/open-store.ts"
import { decodeBands, decodeLabels, decodeValue, type Labelled, type StoredPatch } from "../../stores/patch-value.ts"

export interface PatchSource {
  readonly has: (name: string) => boolean
  /** Reads labels only, without pixels if possible. */
  readonly labels: (name: string) => Effect.Effect<Labelled, DataError | StoreError>
  readonly load: (name: string) => Effect.Effect<StoredPatch, DataError | StoreError>
  /** Reads the bytes that `load` decodes; only stores have this. */
  readonly value?: (name: string) => Effect.Effect<Uint8Array, StoreError>
  /** Reads labels that are not in the value. */
  readonly told?: LabelsOf
}

export type LabelsOf = (name: string) => Effect.Effect<Labelled, DataError>

/**
 * Patches of an LMDB store, closed with the scope.
 *
 * @param told reads the labels of a patch, if the store holds none
 */
export const fromStore = (
  path: string,
  nomenclature: NomenclatureName,
  told: LabelsOf | undefined
): Effect.Effect<PatchSource, StoreError, Scope.Scope> =>
  Effect.map(openReader(path), (store) => {
    const source = { has: store.has, value: store.load }
    if (told === undefined) {
      return {
        ...source,
        labels: (name) => store.decode(name, (bytes) => decodeLabels(bytes, name, nomenclature)),
        load: (name) => store.decode(name, (bytes) => decodeValue(bytes, name, nomenclature))
      }
    }
    const bands = (name: string) => store.decode(name, (bytes) => decodeBands(bytes, name))
    return {
      ...source,
      told,
      labels: told,
      load: (name) => Effect.flatMap(bands(name), (bands) => Effect.map(told(name), (own) => ({ bands, ...own })))
    }
  })

/** Labels of BigEarthNet v1 are given in 19 classes unless its 43 are wanted, as from a store. */
const labelled = (
  { labels, name, nomenclature }: Pick<RawPatch, "labels" | "name" | "nomenclature">,
  wanted: NomenclatureName
): Labelled => {
  const own = nomenclature.name === "43" ? nomenclatureOf("19") : nomenclature
  const to = wanted === OWN ? own : nomenclatureOf(wanted)
  return { labels: translateLabels(labels, nomenclature, to, name), classes: to.classes }
}

/** Reads the labels of patches from an open archive. */
const toldBy =
  ({ reference }: OpenArchive, nomenclature: NomenclatureName): LabelsOf =>
  (name) =>
    Effect.flatMap(
      dataFault(() => reference(name)),
      (found) => attempt(DataError)(() => labelled(found, nomenclature))
    )

const inSet = (names: ReadonlyArray<string>): ((name: string) => boolean) => {
  const there = new Set(names)
  return (name) => there.has(name)
}

/** Patches of an unpacked archive, decoded when they are needed. */
export const fromArchive = (
  folder: string,
  choice: ArchiveChoice,
  nomenclature: NomenclatureName
): Effect.Effect<PatchSource, DataError> =>
  Effect.map(
    dataFault(() => openArchive(folder, choice)),
    (opened) => ({
      has: inSet(opened.names),
      labels: toldBy(opened, nomenclature),
      load: (name) =>
        Effect.flatMap(
          dataFault(async () => decodePatch(await opened.reference(name))),
          (raw) => attempt(DataError)(() => ({ bands: raw.bands, ...labelled(raw, nomenclature) }))
        )
    })
  )

/** Reads the labels of patches from an archive, whose images may be missing. */
export const labelsIn = (
  folder: string,
  choice: ArchiveChoice,
  nomenclature: NomenclatureName
): Effect.Effect<LabelsOf, DataError> =>
  Effect.map(
    dataFault(() => openArchive(folder, choice, true)),
    (opened) => toldBy(opened, nomenclature)
  )
