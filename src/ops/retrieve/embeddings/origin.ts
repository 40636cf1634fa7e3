/**
 * The origin of embeddings. Vectors of different weights, bands, sizes or normalisations cannot be compared, even if their
 * lengths are equal. `NAME.json` beside `NAME.npy` records the origin so that a mix is noticed.
 */
import { readFileSync } from "node:fs"
import { Schema } from "effect"
import type { Embeddings, Origin } from "../../elements.ts"
import { RetrieveError } from "../retrieve-error.ts"

const FORMAT = "orbitrank embeddings 1"

/** The facts that decide whether embeddings are comparable, as text. */
const facts = ({
  bands,
  compression,
  height,
  normalisation,
  weights,
  width
}: Origin): ReadonlyArray<readonly [string, string]> => [
  ["weights", weights],
  ["bands", bands.join(", ")],
  ["image size", `${height} x ${width}`],
  ["normalisation", normalisation],
  ["compression", compression ?? "none"]
]

/**
 * First difference of two origins, as "weights (A, not B)"; `undefined` if there is none. Unknown values are not compared.
 *
 * @example
 * const one = { weights: "a", bands: ["Red"], height: 8, width: 8, normalisation: "none" }
 * difference(one, { ...one, weights: "b" }) // => "weights (a, not b)"
 * difference(one, { ...one, normalisation: "unknown" }) // => undefined
 */
export const difference = (one: Origin, other: Origin): string | undefined => {
  const others = facts(other)
  const differing = facts(one).findIndex(([, value], i) => {
    const [, second] = others[i]
    return value !== second && value !== "unknown" && second !== "unknown"
  })
  if (differing < 0) return undefined
  const [what, value] = facts(one)[differing]
  return `${what} (${value}, not ${others[differing][1]})`
}

/**
 * Compares the origins of embeddings that are to be compared with each other.
 *
 * @returns whether some of them have no known origin although others have one
 * @throws RetrieveError if two of them were made differently
 */
export const checkOrigins = (batches: ReadonlyArray<Embeddings>): boolean => {
  const known = batches.find(({ origin }) => origin !== undefined)
  if (known?.origin === undefined) return false
  for (const { names, origin } of batches) {
    const differs = origin === undefined ? undefined : difference(origin, known.origin)
    if (differs === undefined) continue
    throw new RetrieveError({
      subject: names[0] ?? "a batch",
      problem: `its embedding cannot be compared with that of ${known.names[0] ?? "another batch"}: it was made with other ${differs}`,
      remedy: "Embed all images with one network, one list of bands, one size and one normalisation"
    })
  }
  return batches.some(({ origin }) => origin === undefined)
}

const Positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const Saved = Schema.Struct({
  format: Schema.Literal(FORMAT),
  experiment: Schema.String,
  rows: Schema.Int,
  dim: Schema.Int,
  weights: Schema.String,
  bands: Schema.Array(Schema.String),
  height: Positive,
  width: Positive,
  normalisation: Schema.String,
  compression: Schema.optional(Schema.String)
})

/** The content of `NAME.json`. */
export type SavedOrigin = typeof Saved.Type

/** Text of `NAME.json`. */
export const originText = (experiment: string, rows: number, dim: number, origin: Origin): string =>
  `${JSON.stringify({ format: FORMAT, experiment, rows, dim, ...origin }, null, 2)}\n`

/**
 * Path of the JSON file that belongs to a file of embeddings.
 *
 * @example
 * originPath("outputs/e.npy") // => "outputs/e.json"
 */
export const originPath = (file: string): string =>
  `${file.replace(/\.(npy|npz|safetensors|parquet|geoparquet|pq)$/i, "")}.json`

/** Origin of saved embeddings; `undefined` if the file is missing or was not written by `save`. */
export const readOrigin = (path: string): SavedOrigin | undefined => {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"))
    return Schema.is(Saved)(content) ? content : undefined
  } catch {
    return undefined
  }
}

/** Origin of embeddings after a compression. @param file digest of the compression's file */
export const compressed = (origin: Origin, file: string, dim: number, whiten: boolean): Origin => ({
  ...origin,
  compression: `${file}, ${dim} dimensions${whiten ? ", whitened" : ""}`
})
