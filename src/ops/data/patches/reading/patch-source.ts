/** Where `read` gets its patches from: a store, or the files of an archive. Both give the same. */
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
  /** Labels only, without reading pixels where that can be. */
  readonly labels: (name: string) => Effect.Effect<Labelled, DataError | StoreError>
  readonly load: (name: string) => Effect.Effect<StoredPatch, DataError | StoreError>
  /** The value that `load` decodes, of a store. */
  readonly value?: (name: string) => Effect.Effect<Uint8Array, StoreError>
  /** Labels that stand elsewhere than in the value. */
  readonly told?: LabelsOf
}

export type LabelsOf = (name: string) => Effect.Effect<Labelled, DataError>

/**
 * Patches of an LMDB store, closed with the scope.
 *
 * @param told labels of the patches, where the store holds none
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

/** BigEarthNet v1 is told under 19 classes unless its 43 are asked for, as in a store. */
const labelled = (
  { labels, name, nomenclature }: Pick<RawPatch, "labels" | "name" | "nomenclature">,
  wanted: NomenclatureName
): Labelled => {
  const own = nomenclature.name === "43" ? nomenclatureOf("19") : nomenclature
  const to = wanted === OWN ? own : nomenclatureOf(wanted)
  return { labels: translateLabels(labels, nomenclature, to, name), classes: to.classes }
}

/** What an open archive says of its patches. */
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

/** Patches of an unpacked archive, decoded as they are asked for. */
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

/** What an archive says of its patches; its images need not be there. */
export const labelsIn = (
  folder: string,
  choice: ArchiveChoice,
  nomenclature: NomenclatureName
): Effect.Effect<LabelsOf, DataError> =>
  Effect.map(
    dataFault(() => openArchive(folder, choice, true)),
    (opened) => toldBy(opened, nomenclature)
  )
