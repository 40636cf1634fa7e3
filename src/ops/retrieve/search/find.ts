/** Searching: pure functions on embeddings in memory. */
import { suggestion } from "../../../pipeline/words.ts"
import type { Embeddings, Ranking } from "../../elements.ts"
import { exactInto, type Given } from "../rank/exact.ts"
import { labelsOf, sameShape } from "../rank/gather.ts"
import { givenOf, squaresOf } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { flaw, type Similarity } from "../similarity.ts"
import { squares } from "../unit-length.ts"
import { topOf } from "./top.ts"

/** Embeddings that are searched, and those that are searched for. */
export interface Searched {
  readonly batches: ReadonlyArray<Embeddings>
  readonly by: Similarity
  /** The vectors that are searched. */
  readonly given: Given
  /** How many images are searched. */
  readonly images: number
  /** Of the images searched and, behind them, of queries that are not among them. */
  readonly names: ReadonlyArray<string>
  readonly labels: Uint8Array
  /** Their numbers among `names`. */
  readonly queries: Int32Array
  /** Whether the labels of the queries are known. */
  readonly labelled: boolean
  /** float32 [dim] each. */
  readonly vectors: ReadonlyArray<Float32Array>
}

const vectorsOf = (batches: ReadonlyArray<Embeddings>): ReadonlyArray<Float32Array> =>
  batches.flatMap(({ dim, size, vectors }) =>
    Array.from({ length: size }, (_, i) => vectors.subarray(i * dim, (i + 1) * dim))
  )

const vectorAt = (batches: ReadonlyArray<Embeddings>, image: number): Float32Array => {
  let before = 0
  for (const { dim, size, vectors } of batches) {
    if (image < before + size) return vectors.subarray((image - before) * dim, (image - before + 1) * dim)
    before += size
  }
  throw new RangeError(`there is no image ${image}`)
}

/** All images, in order; with their lengths if `by` needs them, so that every search is one pass over the vectors. */
const allOf = (batches: ReadonlyArray<Embeddings>, images: number, by: Similarity): Given =>
  givenOf(
    batches,
    Int32Array.from({ length: images }, (_, image) => image),
    by === "cosine" ? squaresOf(batches) : undefined
  )

/**
 * Searches for one of the images.
 *
 * @throws RetrieveError where none or several have the name, or batches do not fit each other
 */
export const byName = (batches: ReadonlyArray<Embeddings>, name: string, by: Similarity): Searched => {
  const { classes } = sameShape(batches)
  const names = batches.flatMap((batch) => batch.names)
  const image = names.indexOf(name)
  const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: `query ${name}`, problem, remedy })
  if (image < 0) {
    const near = suggestion(name, names).replace(/\?$/, "")
    throw refuse(`none of ${names.length} images has this name${near}`, "Name one of the images")
  }
  if (names.indexOf(name, image + 1) >= 0)
    throw refuse("several images have this name", "Give images names of their own")
  const labels = labelsOf(batches, names.length, classes.length)
  const vectors = [vectorAt(batches, image)]
  const queries = Int32Array.of(image)
  return {
    batches,
    by,
    given: allOf(batches, names.length, by),
    images: names.length,
    names,
    labels,
    queries,
    vectors,
    labelled: true
  }
}

/** Queries of no classes at all have no labels: as rows of zeros they fit among the others. */
const withoutLabels = (batch: Embeddings, classes: ReadonlyArray<string>): Embeddings =>
  batch.classes.length > 0 ? batch : { ...batch, classes, labels: new Uint8Array(batch.size * classes.length) }

/**
 * Searches for images that need not be among those searched.
 *
 * @throws RetrieveError where there are none, or their embeddings do not fit those searched
 */
export const withQueries = (
  batches: ReadonlyArray<Embeddings>,
  asked: ReadonlyArray<Embeddings>,
  by: Similarity
): Searched => {
  const { classes } = sameShape(batches)
  const labelled = asked.map((batch) => withoutLabels(batch, classes))
  sameShape([batches[0], ...labelled])
  const own = batches.flatMap((batch) => batch.names)
  const names = [...own, ...asked.flatMap((batch) => batch.names)]
  if (names.length === own.length) {
    throw new RetrieveError({
      subject: "queries",
      problem: "none arrived",
      remedy: "Give a pipeline that embeds images"
    })
  }
  const labels = labelsOf([...batches, ...labelled], names.length, classes.length)
  const queries = Int32Array.from({ length: names.length - own.length }, (_, i) => own.length + i)
  return {
    ...{ batches, by, given: allOf(batches, own.length, by), images: own.length, names, labels, queries },
    ...{ vectors: vectorsOf(asked), labelled: asked.every((batch) => batch.classes.length > 0) }
  }
}

/** @throws RetrieveError where the query, or a vector that it is compared with, cannot be compared */
const scoresFor = ({ by, given, images, names, queries, vectors }: Searched, row: number): Float64Array => {
  const refuse = (name: string, why: string) =>
    new RetrieveError({ subject: name, problem: `the embedding ${why}`, remedy: "Check the weights and the pixels" })
  const own = squares(vectors[row])
  const why = flaw(by, own)
  if (why !== undefined) throw refuse(names[queries[row]], why)
  const scores = new Float64Array(images)
  const all = Int32Array.from(scores, (_, image) => image)
  exactInto(by, Float64Array.from(vectors[row]), own, given, all, scores)
  const bad = scores.findIndex((score) => !Number.isFinite(Math.fround(score)))
  if (bad >= 0) throw refuse(names[bad], "is zero, too large or not finite")
  return scores
}

/**
 * The images most similar to one query; those of its own name are left out.
 *
 * @param row of the query
 * @param top how many; fewer where there are no more
 * @returns a ranking whose database are the images found, by ascending number
 */
export const searchOne = (what: Searched, row: number, top: number): Ranking => {
  const { batches, images, labels, names, queries } = what
  const scores = scoresFor(what, row)
  const name = names[queries[row]]
  let own = 0
  for (let image = 0; image < images; image++) {
    if (names[image] !== name) continue
    scores[image] = Number.NEGATIVE_INFINITY
    own++
  }
  const found = topOf(scores, Math.min(top, images - own))
  const database = found.toSorted()
  const place = new Map(Array.from(database, (image, at) => [image, at]))
  return {
    kind: "ranking",
    gallery: {
      names,
      classes: batches[0].classes,
      labels,
      queries,
      database,
      partial: true,
      unlabelled: !what.labelled
    },
    from: row,
    to: row + 1,
    order: found.map((image) => place.get(image) ?? 0),
    scores: Float32Array.from(found, (image) => scores[image])
  }
}
