/** Looks at a folder: which archive or store it is, its classes, bands, sizes and splits. Changes nothing. */
import { existsSync, statSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { Effect } from "effect"
import type { DataSetName } from "../../ops/data/archives/list.ts"
import { nomenclatureOf } from "../../ops/data/archives/nomenclatures.ts"
import { AUTO, decodePatch, type OpenArchive, openArchive } from "../../ops/data/archives/open-archive.ts"
import { dataFault } from "../../ops/data/file-access.ts"
import { openReader } from "../../ops/data/stores/open-store.ts"
import { decodeBands, decodeLabels } from "../../ops/data/stores/patch-value.ts"
import type { Band, PatchRef, Split } from "../../ops/elements.ts"
import { DataError, type StoreError } from "../../ops/formats/data-error.ts"
import { isStoreFile } from "../../ops/formats/lmdb/guard.ts"
import { attempt } from "../../pipeline/attempt.ts"

/** The bands of one image. */
export interface Pixels {
  readonly names: ReadonlyArray<string>
  readonly dtype: string
  /** Rows and columns of the finest band. */
  readonly height: number
  readonly width: number
}

/** What a folder holds. */
export interface Found {
  /** Absolute path. */
  readonly path: string
  /** Its name, as names of files and experiments may be. */
  readonly name: string
  readonly what: { readonly archive: DataSetName } | { readonly store: string; readonly lists: boolean }
  readonly patches: number
  readonly classes: ReadonlyArray<string>
  /** Smallest and largest number of labels of the patches that were looked at. */
  readonly labels: readonly [least: number, most: number]
  /** Splits of the archive's own, by the patches that were looked at. */
  readonly splits: ReadonlySet<Split>
  /** Different pixels among the images that were looked at, the most frequent first. */
  readonly pixels: readonly [Pixels, ...ReadonlyArray<Pixels>]
  /** Number of patches whose labels, and of images that were looked at. */
  readonly looked: { readonly labels: number; readonly images: number }
  /** Findings of the reader, as lines. */
  readonly notes: ReadonlyArray<string>
}

/** Patches whose labels are looked at; images that are decoded. Both are taken at equal distances. */
const LABELS = 2000
const IMAGES = 24

const spread = <A>(items: ReadonlyArray<A>, most: number): ReadonlyArray<A> => {
  const step = Math.max(1, items.length / most)
  return Array.from({ length: Math.min(most, items.length) }, (_, i) => items[Math.floor(i * step)])
}

const pixelsOf = (bands: ReadonlyArray<Band>): Pixels => ({
  names: bands.map(({ name }) => name),
  dtype: [...new Set(bands.map(({ dtype }) => dtype))].join(", "),
  height: Math.max(...bands.map(({ height }) => height)),
  width: Math.max(...bands.map(({ width }) => width))
})

/** Different values, the most frequent first. */
const distinct = (all: ReadonlyArray<Pixels>): ReadonlyArray<Pixels> => {
  const counts = new Map<string, { readonly one: Pixels; count: number }>()
  for (const one of all) {
    const key = JSON.stringify(one)
    const known = counts.get(key) ?? { one, count: 0 }
    known.count++
    counts.set(key, known)
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ one }) => one)
}

const nameOf = (path: string): string =>
  basename(path)
    .replace(/\.(lmdb|mdb)$/, "")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "") || "mine"

const rangeOf = (counts: ReadonlyArray<number>): readonly [number, number] =>
  counts.length === 0 ? [0, 0] : [Math.min(...counts), Math.max(...counts)]

/** Opens an archive; pictures that are no known data set are one of your own. */
const opened = async (path: string): Promise<OpenArchive> => {
  try {
    return await openArchive(path, { kind: AUTO })
  } catch (fault) {
    if (!(fault instanceof DataError) || !fault.problem.startsWith("does not look like any known archive")) throw fault
    // A folder of archives is not one archive of all their images.
    if (fault.problem.includes(" in it looks like ")) throw fault
    return openArchive(path, { kind: "folder" })
  }
}

const nothingToRead = (path: string, why: string): DataError =>
  new DataError({ subject: path, problem: why, remedy: "Give the folder of an archive, of pictures, or of a store" })

const lookAtArchive = async (path: string): Promise<Found> => {
  const archive = await opened(path)
  const { findings, kind, names } = archive
  if (names.length === 0) throw nothingToRead(path, "holds no patch that can be used")
  const references: Array<PatchRef> = []
  for (const name of spread(names, LABELS)) references.push(await archive.reference(name))
  const some = spread(references, IMAGES)
  const pixels: Array<Pixels> = []
  for (const reference of some) pixels.push(pixelsOf((await decodePatch(reference)).bands))
  const [first, ...others] = distinct(pixels)
  // BigEarthNet v1 has 43 classes, of which the 19 of its authors' later work are used.
  const classes = archive.nomenclature.name === "43" ? nomenclatureOf("19").classes : archive.nomenclature.classes
  return {
    path,
    name: nameOf(path),
    what: { archive: kind },
    patches: names.length,
    classes,
    labels: rangeOf(references.map(({ labels }) => labels.length)),
    splits: new Set(references.flatMap(({ split }) => split ?? [])),
    pixels: [first, ...others],
    looked: { labels: references.length, images: some.length },
    notes: findings.map(({ count, what }) => `${count} ${what}`)
  }
}

const lookAtStore = (path: string): Effect.Effect<Found, DataError | StoreError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const store = yield* openReader(path)
      const names = [...store.names()]
      if (names.length === 0) return yield* Effect.fail(nothingToRead(path, "is a store without patches"))
      const some = spread(names, IMAGES)
      return yield* attempt(DataError)((): Found => {
        const values = some.map((name) => ({ name, bytes: store.read(name) }))
        const all = values.map(({ bytes, name }) => decodeBands(bytes, name))
        const labelled = values.map(({ bytes, name }) => decodeLabels(bytes, name, "own"))
        const [first, ...others] = distinct(all.map(pixelsOf))
        const root = dirname(path)
        return {
          path,
          name: nameOf(path),
          what: {
            store: basename(path),
            lists: ["train.csv", "val.csv", "test.csv"].every((list) => existsSync(join(root, list)))
          },
          patches: names.length,
          classes: labelled[0].classes,
          labels: rangeOf(labelled.map(({ labels }) => labels.reduce((sum, one) => sum + one, 0))),
          splits: new Set(),
          pixels: [first, ...others],
          looked: { labels: some.length, images: some.length },
          notes: []
        }
      })
    })
  )

/**
 * Looks at a folder.
 *
 * @param folder an archive, a folder of pictures, or a store
 */
export const look = (folder: string): Effect.Effect<Found, DataError | StoreError> =>
  Effect.suspend(() => {
    const path = resolve(folder)
    if (existsSync(join(path, "data.mdb")) || isStoreFile(path)) return lookAtStore(path)
    const there = statSync(path, { throwIfNoEntry: false })
    if (there === undefined) return Effect.fail(nothingToRead(path, "there is no such folder"))
    if (!there.isDirectory()) return Effect.fail(nothingToRead(path, "is neither a folder nor a store"))
    return dataFault(() => lookAtArchive(path))
  })
