/** Search in embeddings that are in memory, as pure functions. */
import { suggestion } from "../../../pipeline/words.ts"
import type { Embeddings, Ranking } from "../../elements.ts"
import { exactInto, type Given } from "../rank/exact.ts"
import { labelsOf, sameShape } from "../rank/gather.ts"
import { givenOf, squaresOf } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { flaw, type Similarity } from "../similarity.ts"
import { squares } from "../unit-length.ts"
import { likelyNames } from "./likely-names.ts"
import { topOf } from "./top.ts"

/** The embeddings to search, and the queries to search for. */
export interface Searched {
  readonly batches: ReadonlyArray<Embeddings>
  readonly by: Similarity
  /** The vectors that are searched. */
  readonly given: Given
  /** Number of images that are searched. */
  readonly images: number
  /** Names of the images searched, followed by those of queries that are not among them. */
  readonly names: ReadonlyArray<string>
  /** uint8 [names, classes]. */
  readonly labels: Uint8Array
  /** Indices of the queries in `names`. */
  readonly queries: Int32Array
  /** Whether the labels of the queries are known. */
  readonly labelled: boolean
  /** Vectors of the queries, float32 [dim] each. */
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

/** All images, in order. For `cosine` their lengths are computed now, so that every search is one pass over the vectors. */
const allOf = (batches: ReadonlyArray<Embeddings>, images: number, by: Similarity): Given =>
  givenOf(
    batches,
    Int32Array.from({ length: images }, (_, image) => image),
    by === "cosine" ? squaresOf(batches) : undefined
  )

/** A clause that suggests names, or lists all of them if they are few; empty if no name is likely. */
const meant = (name: string, names: ReadonlyArray<string>): string => {
  const likely = likelyNames(name, names).map((one) => `\`${one}\``)
  if (likely.length === 0) return suggestion(name, names).replace(/\?$/, "")
  const last = likely.slice(-1)
  return `; did you mean ${[...(likely.length > 1 ? [likely.slice(0, -1).join(", ")] : []), ...last].join(" or ")}`
}

/**
 * A search with one of the images as the query.
 *
 * @throws RetrieveError if no image or several images have the name, or if batches do not match each other
 */
export const byName = (batches: ReadonlyArray<Embeddings>, name: string, by: Similarity): Searched => {
  const { classes } = sameShape(batches)
  const names = batches.flatMap((batch) => batch.names)
  const image = names.indexOf(name)
  const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: `query ${name}`, problem, remedy })
  if (image < 0) {
    throw refuse(`none of ${names.length} images has this name${meant(name, names)}`, "Name one of the images")
  }
  if (names.indexOf(name, image + 1) >= 0)
    throw refuse("several images have this name", "Give every image a unique name")
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

/** A batch without classes gets rows of zeros as labels, so that it can be joined with labelled batches. */
const withoutLabels = (batch: Embeddings, classes: ReadonlyArray<string>): Embeddings =>
  batch.classes.length > 0 ? batch : { ...batch, classes, labels: new Uint8Array(batch.size * classes.length) }

/**
 * A search with other images as queries.
 *
 * @throws RetrieveError if there are no queries, or if their embeddings do not match the embeddings to search
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

/** @throws RetrieveError if the query or a database vector cannot be compared */
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
 * The images most similar to one query. Images with the query's own name are left out.
 *
 * @param row number of the query
 * @param top number of results; fewer if there are fewer images
 * @returns a ranking whose database consists of the images found, in ascending order of their numbers
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
