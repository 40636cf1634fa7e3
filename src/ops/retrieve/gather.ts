/** Embeddings of a whole split, from batches to the two sides of a retrieval. */
import { querySplit } from "../data/splits.ts"
import type { Embeddings, Gallery } from "../elements.ts"
import { RetrieveError } from "./errors.ts"
import { normaliseInto } from "./normalise.ts"

export interface Sides {
  readonly gallery: Gallery
  readonly dim: number
  /** L2-normalised, float32 [queries, dim], in the order of `gallery.queries`. */
  readonly queries: Float32Array
  /** L2-normalised, float32 [database, dim], in the order of `gallery.database`. */
  readonly database: Float32Array
}

/** Names the first few of many. */
export const some = (names: ReadonlyArray<string>): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`

const sameShape = (batches: ReadonlyArray<Embeddings>): Embeddings => {
  const first = batches.at(0)
  if (first === undefined) {
    throw new RetrieveError({
      subject: "embeddings",
      problem: "there are none",
      remedy: "Read a split that holds patches"
    })
  }
  for (const batch of batches) {
    const [name = "a batch"] = batch.names
    if (batch.dim !== first.dim) {
      throw new RetrieveError({
        subject: name,
        problem: `its embedding has ${batch.dim} dimensions, those before have ${first.dim}`,
        remedy: "Embed all patches with one model"
      })
    }
    if (batch.classes.join("\0") !== first.classes.join("\0")) {
      throw new RetrieveError({
        subject: name,
        problem: "its labels are of other classes than those before",
        remedy: "Read all patches in one nomenclature"
      })
    }
  }
  return first
}

/** @throws RetrieveError where the draw leaves one side empty */
const draw = (images: number, seed: number, share: number) => {
  const { database, queries } = querySplit(images, seed, share)
  if (queries.length > 0 && database.length > 0) return { database, queries }
  throw new RetrieveError({
    subject: "queries",
    problem: `a share of ${share} of ${images} images leaves ${queries.length} queries and ${database.length} database images`,
    remedy: "Give more images, or another share"
  })
}

/**
 * Brings batches together, draws the queries (`querySplit`: numpy's legacy generator) and normalises every vector.
 *
 * @param batches in the order of the split
 * @throws RetrieveError where there is nothing, batches do not fit each other, a vector has no direction (all zero, or
 *   not finite), or the draw leaves no query or no database
 */
export const gather = (batches: ReadonlyArray<Embeddings>, seed: number, share: number): Sides => {
  const { classes, dim } = sameShape(batches)
  const names = batches.flatMap((batch) => batch.names)
  const labels = new Uint8Array(names.length * classes.length)
  const { database, queries } = draw(names.length, seed, share)
  const sides = { queries: new Float32Array(queries.length * dim), database: new Float32Array(database.length * dim) }
  const bad: Array<string> = []
  let image = 0
  let query = 0
  for (const batch of batches) {
    labels.set(batch.labels, image * classes.length)
    for (let i = 0; i < batch.size; i++, image++) {
      const isQuery = queries[query] === image
      const vector = batch.vectors.subarray(i * dim, (i + 1) * dim)
      const at = (isQuery ? query : image - query) * dim
      if (!normaliseInto(vector, isQuery ? sides.queries : sides.database, at)) bad.push(batch.names[i])
      if (isQuery) query++
    }
  }
  if (bad.length > 0) {
    throw new RetrieveError({
      subject: some(bad),
      problem: "the embedding is zero or not finite, so it has no direction",
      remedy: "Check the weights and the pixels of these patches"
    })
  }
  return { gallery: { names, classes, labels, queries, database }, dim, ...sides }
}
