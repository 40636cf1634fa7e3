/**
 * Ground truth on disk: a small LMDB store with five values. Numbers are little-endian.
 *
 * - `about`: JSON with classes, sizes and bytes per code.
 * - `names`: JSON, the names of the images.
 * - `sets`: uint32 [images], the label set of each image.
 * - `bits`: uint32 [sets, words]; class c is bit c % 32 of word c / 32.
 * - `codes`: [sets, sets]; the code of a pair is u (u + 1) / 2 + i for an intersection of i and a union of u labels. Absent
 *   if there are too many label sets.
 */
import { mkdirSync, renameSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { onlyStoreFaults, openReader, openWriter, type StoreReader } from "../../data/stores/open-store.ts"
import { StoreError } from "../../formats/data-error.ts"
import { besideOf } from "../../formats/files.ts"
import { wordsFor } from "../../measure/label-sets.ts"
import { popcount } from "../../measure/popcount.ts"
import { type Codes, codebook } from "../../measure/relevance.ts"
import type { Truth } from "../../measure/truth.ts"
import { RetrieveError } from "../retrieve-error.ts"

const FORMAT = "orbitrank ground truth 1"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const bytesOf = ({ buffer, byteLength, byteOffset }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), "utf8")

const valuesOf = ({ classes, names, sets, table }: Truth): ReadonlyArray<readonly [string, Uint8Array]> => {
  const code_bytes = (table?.BYTES_PER_ELEMENT ?? 0) as About["code_bytes"]
  const about: About = { format: FORMAT, classes, images: names.length, sets: sets.count, code_bytes }
  return [
    ["about", json(about)],
    ["names", json(names)],
    ["sets", bytesOf(sets.of)],
    ["bits", bytesOf(sets.bits)],
    ...(table === undefined ? [] : [["codes", bytesOf(table)] as const])
  ]
}

/** Writes a store under a temporary name and renames it, so that an earlier one is replaced as a whole. */
export const writeTruth = (path: string, truth: Truth): Effect.Effect<void, StoreError> => {
  const beside = besideOf(path)
  const clear = Effect.sync(() => rmSync(beside, { recursive: true, force: true }))
  return clear.pipe(
    Effect.andThen(Effect.sync(() => mkdirSync(dirname(path), { recursive: true }))),
    Effect.andThen(
      Effect.scoped(
        Effect.flatMap(openWriter(beside), (store) => onlyStoreFaults(() => void store.write(valuesOf(truth))))
      )
    ),
    Effect.andThen(
      Effect.sync(() => {
        rmSync(path, { recursive: true, force: true })
        renameSync(beside, path)
      })
    ),
    Effect.ensuring(clear)
  )
}

const REMEDY = "Write it again with `ground-truth`"

/** A store's error with the remedy for a ground truth, because the remedy for a store of patches does not apply. */
const ofTruth = ({ cause, problem, subject }: StoreError): StoreError =>
  new StoreError({ subject, problem, remedy: REMEDY, cause })

const foreign = (path: string, problem: string): RetrieveError =>
  new RetrieveError({ subject: path, problem, remedy: REMEDY })

const damaged = (path: string, what: string): RetrieveError => foreign(path, `is damaged: ${what}`)

/** The parsed value; `undefined` if the bytes are not JSON. */
const jsonIn = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"))
  } catch {
    return undefined
  }
}

const About = Schema.Struct({
  format: Schema.Literal(FORMAT),
  classes: Schema.Array(Schema.String),
  images: Count,
  sets: Count,
  code_bytes: Schema.Literals([0, 1, 2, 4])
})
type About = typeof About.Type

const aboutOf = (path: string, store: StoreReader): About => {
  if (!store.has("about")) throw foreign(path, "is not a ground truth")
  const given = jsonIn(store.read("about"))
  if (Schema.is(About)(given)) return given
  const format = Object(given).format
  if (typeof format !== "string" || format === FORMAT)
    throw damaged(path, "`about` lacks a value or has one of the wrong type")
  throw foreign(path, `is a ground truth of another version (${format})`)
}

const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const

/** One array, checked for its length. */
const arrayOf = (path: string, store: StoreReader, key: string, width: 1 | 2 | 4, length: number): Codes => {
  if (!store.has(key)) throw damaged(path, `it has no \`${key}\``)
  const own = store.read(key).slice()
  if (own.length === width * length) return new ARRAYS[width](own.buffer)
  throw damaged(path, `\`${key}\` has ${own.length} bytes, not ${width * length}`)
}

const below = (path: string, key: string, values: Codes, limit: number): void => {
  const wrong = values.findIndex((value) => value >= limit)
  if (wrong >= 0) throw damaged(path, `\`${key}\` contains ${values[wrong]}, which is not below ${limit}`)
}

/** Label sets, checked for labels beyond the last class, which would have no code. */
const bitsIn = (path: string, store: StoreReader, count: number, classes: number): Uint32Array => {
  const words = wordsFor(classes)
  const bits = arrayOf(path, store, "bits", 4, count * words) as Uint32Array
  const last = classes - 32 * (words - 1)
  const beyond = (word: number, i: number) => i % words === words - 1 && word >= 2 ** last
  if (bits.some(beyond)) throw damaged(path, `\`bits\` has labels beyond its ${classes} classes`)
  return bits
}

const isNames = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((one) => typeof one === "string")

const namesOf = (path: string, store: StoreReader, images: number): ReadonlyArray<string> => {
  const names = store.has("names") ? jsonIn(store.read("names")) : undefined
  if (!isNames(names)) throw damaged(path, "`names` is not a list of names")
  if (names.length === images) return names
  throw damaged(path, `it has ${names.length} names for ${images} images`)
}

const tableIn = (path: string, store: StoreReader, { code_bytes, sets }: About, codes: number): Codes | undefined => {
  if (code_bytes === 0) return undefined
  const table = arrayOf(path, store, "codes", code_bytes, sets ** 2)
  below(path, "codes", table, codes)
  return table
}

const decode = (path: string, store: StoreReader): Truth => {
  const about = aboutOf(path, store)
  const { classes, images, sets: count } = about
  const words = wordsFor(classes.length)
  const bits = bitsIn(path, store, count, classes.length)
  const of = arrayOf(path, store, "sets", 4, images) as Uint32Array
  below(path, "sets", of, count)
  const sizes = Uint16Array.from({ length: count }, (_, set) =>
    bits.subarray(set * words, (set + 1) * words).reduce((sum, word) => sum + popcount(word), 0)
  )
  const book = codebook(classes.length)
  return {
    names: namesOf(path, store, images),
    classes,
    sets: { classes: classes.length, count, of, words, bits, sizes },
    book,
    table: tableIn(path, store, about, book.distance.length)
  }
}

/** Reads a ground truth that `writeTruth` wrote. Fails with a RetrieveError if the path holds something else. */
export const readTruth = (path: string): Effect.Effect<Truth, StoreError | RetrieveError, Scope.Scope> =>
  openReader(path).pipe(
    Effect.flatMap((store) => attempt(RetrieveError, StoreError)(() => decode(path, store))),
    Effect.mapError((fault) => (fault instanceof StoreError ? ofTruth(fault) : fault))
  )
