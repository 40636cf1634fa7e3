/** The two sides of a retrieval, queries and database, from the embeddings of a whole split. */
import { few } from "../../../pipeline/words.ts"
import { querySplit } from "../../data/splits/original-draws.ts"
import type { Embeddings, Gallery } from "../../elements.ts"
import { checkOrigins } from "../embeddings/origin.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { flaw, type Similarity } from "../similarity.ts"
import type { ExactSides } from "./near-ties.ts"
import { givenOf, meanOf, squaresOf, type Vectors, vectorsAt } from "./vectors.ts"

/** Queries and database, with the measure that compares them. */
export interface Sides {
  readonly gallery: Gallery
  readonly by: Similarity
  /** In the order of `gallery.queries`. */
  readonly queries: Vectors
  /** In the order of `gallery.database`. */
  readonly database: Vectors
}

/**
 * The first batch.
 *
 * @throws RetrieveError if there is none, or if batches differ in dimensions, classes or origin
 */
export const sameShape = (batches: ReadonlyArray<Embeddings>): Embeddings => {
  const first = batches.at(0)
  if (first === undefined) {
    throw new RetrieveError({
      subject: "embeddings",
      problem: "none arrived",
      remedy: "Read a split that holds patches"
    })
  }
  for (const batch of batches) {
    const [name = "a batch"] = batch.names
    if (batch.dim !== first.dim) {
      throw new RetrieveError({
        subject: name,
        problem: `its embedding has ${batch.dim} dimensions, but the embeddings before it have ${first.dim}`,
        remedy: "Embed all patches with one model"
      })
    }
    if (batch.classes.join("\0") !== first.classes.join("\0")) {
      throw new RetrieveError({
        subject: name,
        problem: "its labels use other classes than the patches before it",
        remedy: "Read all patches in one nomenclature"
      })
    }
  }
  checkOrigins(batches)
  return first
}

/** @throws RetrieveError if the draw leaves one side empty */
const draw = (images: number, seed: number, share: number) => {
  const { database, queries } = querySplit(images, seed, share)
  if (queries.length > 0 && database.length > 0) return { database, queries }
  throw new RetrieveError({
    subject: "queries",
    problem: `a fraction of ${share} of ${images} images leaves ${queries.length} queries and ${database.length} database images`,
    remedy: "Rank more images, or change `queries`"
  })
}

/** @throws RetrieveError naming the patches whose vectors cannot be compared */
const checkVectors = (names: ReadonlyArray<string>, squared: Float64Array, by: Similarity): void => {
  const bad = names.filter((_, image) => flaw(by, squared[image]) !== undefined)
  if (bad.length === 0) return
  const why = flaw(by, squared[names.indexOf(bad[0])])
  throw new RetrieveError({
    subject: few(bad),
    problem: `the embedding ${why}`,
    remedy: "Check the weights and the pixels of these patches"
  })
}

/** Labels of all batches, uint8 [images, classes]. */
export const labelsOf = (batches: ReadonlyArray<Embeddings>, images: number, classes: number): Uint8Array => {
  const labels = new Uint8Array(images * classes)
  let at = 0
  for (const batch of batches) {
    labels.set(batch.labels, at)
    at += batch.labels.length
  }
  return labels
}

/** Facts about all images; undefined if nothing is known of any. */
export const factsOf = (batches: ReadonlyArray<Embeddings>): Embeddings["facts"] | undefined =>
  batches.some(({ facts }) => facts !== undefined)
    ? batches.flatMap(({ facts, size }) => facts ?? Array.from({ length: size }, () => ({})))
    : undefined

/**
 * Joins batches and draws the queries with numpy's legacy generator (`querySplit`). Vectors are not copied. For `l2`, the
 * mean of the database is subtracted from both sides: no distance changes, but single precision then resolves smaller
 * differences.
 *
 * @param batches in the order of the split
 * @param share fraction of the images that become queries
 * @throws RetrieveError if there are no batches, if batches do not match each other, if a vector is not finite or, for
 *   `cosine`, zero, or if the draw leaves no query or no database
 */
export const gather = (
  batches: ReadonlyArray<Embeddings>,
  seed: number,
  share: number,
  by: Similarity = "cosine"
): Sides => {
  const { classes } = sameShape(batches)
  const names = batches.flatMap((batch) => batch.names)
  const squared = squaresOf(batches)
  checkVectors(names, squared, by)
  const { database, queries } = draw(names.length, seed, share)
  const labels = labelsOf(batches, names.length, classes.length)
  const facts = factsOf(batches)
  const items = givenOf(batches, database, squared)
  const form = by === "l2" ? { centre: meanOf(items) } : by === "cosine" ? "normalised" : "given"
  return {
    gallery: { names, classes, labels, ...(facts === undefined ? {} : { facts }), queries, database },
    by,
    queries: vectorsAt(givenOf(batches, queries, squared), form),
    database: vectorsAt(items, form)
  }
}

/** The data that decide near ties in double precision. */
export const exactSides = ({ by, database, queries }: Sides): ExactSides => {
  if (by === "cosine") {
    // Rows of zeros have no direction, so their scores have no error.
    const lengths = Float64Array.from({ length: queries.count }, (_, row) => (queries.squared(row) > 0 ? 1 : 0))
    return { by, queries: queries.given, database: database.given, lengths, longest: 1 }
  }
  const lengths = Float64Array.from({ length: queries.count }, (_, row) => Math.sqrt(queries.squared(row)))
  let longest = 0
  for (let row = 0; row < database.count; row++) longest = Math.max(longest, database.squared(row))
  return { by, queries: queries.given, database: database.given, lengths, longest: Math.sqrt(longest) }
}
