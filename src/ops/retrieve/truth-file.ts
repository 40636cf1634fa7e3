/**
 * Ground truth on disk: a small LMDB store with five values. `about` is JSON (classes, sizes, bytes of a code); `names` is
 * JSON; `sets` is uint32 [images], the label set of each image; `bits` is uint32 [sets, words], class c is bit c % 32 of
 * word c / 32; `codes` is [sets, sets], code u (u + 1) / 2 + i for an intersection of i and a union of u labels; it is
 * absent where label sets are too many. Numbers are little-endian.
 */
import { mkdirSync, renameSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { Effect, type Scope } from "effect"
import type { StoreError } from "../data/errors.ts"
import { onlyStoreFaults, openReader, openWriter, type StoreReader } from "../data/store/lmdb.ts"
import { popcount } from "../measure/label-sets.ts"
import { type Codes, codebook } from "../measure/relevance.ts"
import type { Truth } from "../measure/truth.ts"
import { RetrieveError } from "./errors.ts"

const FORMAT = "orbitrank ground truth 1"

interface About {
  readonly format: string
  readonly classes: ReadonlyArray<string>
  readonly images: number
  readonly sets: number
  readonly code_bytes: number
}

const bytesOf = ({ buffer, byteLength, byteOffset }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), "utf8")

const valuesOf = ({ classes, names, sets, table }: Truth): ReadonlyArray<readonly [string, Uint8Array]> => {
  const code_bytes = table?.BYTES_PER_ELEMENT ?? 0
  const about: About = { format: FORMAT, classes, images: names.length, sets: sets.count, code_bytes }
  return [
    ["about", json(about)],
    ["names", json(names)],
    ["sets", bytesOf(sets.of)],
    ["bits", bytesOf(sets.bits)],
    ...(table === undefined ? [] : [["codes", bytesOf(table)] as const])
  ]
}

/** Writes a store beside and renames it: what stood there is replaced, and never half of it. */
export const writeTruth = (path: string, truth: Truth): Effect.Effect<void, StoreError> => {
  const beside = `${path}.${process.pid}.partial`
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

const foreign = (path: string, problem: string): RetrieveError =>
  new RetrieveError({ subject: path, problem, remedy: "Write it again with `ground-truth`" })

const aboutOf = (path: string, store: StoreReader): About => {
  if (!store.has("about")) throw foreign(path, "is not a ground truth")
  const about = JSON.parse(Buffer.from(store.read("about")).toString("utf8")) as About
  if (about.format === FORMAT) return about
  throw foreign(path, `is a ground truth of another version (${about.format})`)
}

const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const

const codesOf = (bytes: Uint8Array, width: number): Codes => {
  const own = bytes.slice()
  return new ARRAYS[width as keyof typeof ARRAYS](own.buffer)
}

const decode = (path: string, store: StoreReader): Truth => {
  const { classes, code_bytes, images, sets: count } = aboutOf(path, store)
  const words = Math.max(1, Math.ceil(classes.length / 32))
  const bits = codesOf(store.read("bits"), 4) as Uint32Array
  const of = codesOf(store.read("sets"), 4) as Uint32Array
  if (of.length !== images || bits.length !== count * words) throw foreign(path, "is damaged: sizes do not agree")
  const sizes = Uint16Array.from({ length: count }, (_, set) =>
    bits.subarray(set * words, (set + 1) * words).reduce((sum, word) => sum + popcount(word), 0)
  )
  return {
    names: JSON.parse(Buffer.from(store.read("names")).toString("utf8")) as ReadonlyArray<string>,
    classes,
    sets: { classes: classes.length, count, of, words, bits, sizes },
    book: codebook(classes.length),
    table: code_bytes === 0 ? undefined : codesOf(store.read("codes"), code_bytes)
  }
}

/** Reads what `writeTruth` has written; @throws RetrieveError where something else stands there */
export const readTruth = (path: string): Effect.Effect<Truth, StoreError | RetrieveError, Scope.Scope> =>
  Effect.flatMap(openReader(path), (store) =>
    Effect.try({ try: () => decode(path, store), catch: (cause) => cause as RetrieveError | StoreError })
  )
