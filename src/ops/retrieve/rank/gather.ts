/** Embeddings of a whole split, from batches to the two sides of a retrieval. */
import { few } from "../../../pipeline/words.ts"
import { querySplit } from "../../data/splits/original-draws.ts"
import type { Embeddings, Gallery } from "../../elements.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { flaw, type Similarity, squares } from "../similarity.ts"
import { type Vectors, vectorsOf } from "./vectors.ts"

export interface Sides {
  readonly gallery: Gallery
  readonly by: Similarity
  /** In the order of `gallery.queries`. */
  readonly queries: Vectors
  /** In the order of `gallery.database`. */
  readonly database: Vectors
}

export const sameShape = (batches: ReadonlyArray<Embeddings>): Embeddings => {
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

/** Names of the patches whose vectors cannot be compared, and why. */
const flawed = (batches: ReadonlyArray<Embeddings>, by: Similarity) => {
  const names: Array<string> = []
  let why = ""
  for (const { dim, names: own, size, vectors } of batches) {
    for (let i = 0; i < size; i++) {
      const found = flaw(by, squares(vectors.subarray(i * dim, (i + 1) * dim)))
      if (found === undefined) continue
      names.push(own[i])
      why = found
    }
  }
  return { names, why }
}

export const labelsOf = (batches: ReadonlyArray<Embeddings>, images: number, classes: number): Uint8Array => {
  const labels = new Uint8Array(images * classes)
  let at = 0
  for (const batch of batches) {
    labels.set(batch.labels, at)
    at += batch.labels.length
  }
  return labels
}

/**
 * Brings batches together and draws the queries (`querySplit`: numpy's legacy generator). Vectors stay where they are.
 *
 * @param batches in the order of the split, normalised for `cosine`
 * @throws RetrieveError where there is nothing, batches do not fit each other, a vector is not finite or, for `cosine`,
 *   zero, or the draw leaves no query or no database
 */
export const gather = (
  batches: ReadonlyArray<Embeddings>,
  seed: number,
  share: number,
  by: Similarity = "cosine"
): Sides => {
  const { classes } = sameShape(batches)
  const { names: bad, why } = flawed(batches, by)
  if (bad.length > 0) {
    throw new RetrieveError({
      subject: few(bad),
      problem: `the embedding ${why}`,
      remedy: "Check the weights and the pixels of these patches"
    })
  }
  const names = batches.flatMap((batch) => batch.names)
  const { database, queries } = draw(names.length, seed, share)
  const labels = labelsOf(batches, names.length, classes.length)
  return {
    gallery: { names, classes, labels, queries, database },
    by,
    queries: vectorsOf(batches, queries),
    database: vectorsOf(batches, database)
  }
}
