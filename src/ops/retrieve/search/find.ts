/** Search in embeddings that are in memory, as pure functions. */
import { suggestion } from "../../../pipeline/words.ts"
import type { Embeddings, Ranking } from "../../elements.ts"
import type { Candidates } from "../index/coding.ts"
import { bestRows } from "../index/scan.ts"
import { type Given, givenRow } from "../rank/exact.ts"
import { factsOf, labelsOf, sameShape } from "../rank/gather.ts"
import { givenOf, squaresOf } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { flaw, type Similarity } from "../similarity.ts"
import { squares } from "../unit-length.ts"
import { scoredContenders } from "./contenders.ts"
import { likelyNames } from "./likely-names.ts"

/** The embeddings to search, and the queries to search for. */
export interface Searched {
  readonly batches: ReadonlyArray<Embeddings>
  readonly by: Similarity
  /** The vectors that are searched. */
  readonly given: Given
  /** Number of images that are searched. */
  readonly images: number
  /** 1 for each image that may be found, uint8 [images]; all if it is absent. */
  readonly allowed?: Uint8Array | undefined
  /** Names of the images searched, followed by those of queries that are not among them. */
  readonly names: ReadonlyArray<string>
  /** Facts about the images that are searched, if any are known. */
  readonly facts?: Embeddings["facts"] | undefined
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
  const given = allOf(batches, names.length, by)
  const queries = Int32Array.of(image)
  return {
    batches,
    by,
    given,
    images: names.length,
    names,
    labels,
    queries,
    vectors: [givenRow(given, image)],
    facts: factsOf(batches),
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
    ...{
      facts: factsOf(batches),
      vectors: vectorsOf(asked),
      labelled: asked.every((batch) => batch.classes.length > 0)
    }
  }
}

/** The error for an embedding that cannot be compared. @param why what is wrong with it */
export const refuseVector = (name: string, why: string) =>
  new RetrieveError({ subject: name, problem: `the embedding ${why}`, remedy: "Check the weights and the pixels" })

/** @throws RetrieveError if a query cannot be compared */
export const checkQuery = ({ by, names, queries, vectors }: Searched, row: number): number => {
  const own = squares(vectors[row])
  const why = flaw(by, own)
  if (why !== undefined) throw refuseVector(names[queries[row]], why)
  return own
}

/** Numbers of the images that the filter allows and that do not have the query's own name. */
export const mayFind = ({ allowed, images, names, queries }: Searched, row: number): Int32Array => {
  const own = names[queries[row]]
  const found = new Int32Array(images)
  let count = 0
  for (let image = 0; image < images; image++) {
    if (names[image] !== own && allowed?.[image] !== 0) found[count++] = image
  }
  return found.subarray(0, count)
}

/**
 * The images most similar to one query, in double precision.
 *
 * @param images that may be found, ascending
 * @throws RetrieveError if the query or a database vector cannot be compared
 */
export const exactly = (what: Searched, row: number, images: Int32Array, top: number): Candidates => {
  const { by, given, names, vectors } = what
  const own = checkQuery(what, row)
  const { rows, scores } = scoredContenders(by, vectors[row], own, given, images, top)
  const bad = scores.findIndex((score) => !Number.isFinite(Math.fround(score)))
  if (bad >= 0) throw refuseVector(names[rows[bad]], "is zero, too large or not finite")
  return bestRows(rows, scores, top)
}

/**
 * The results of one query as a ranking, whose database consists of the images found, in ascending order of their numbers.
 *
 * @param row number of the query
 */
export const rankingOf = (what: Searched, row: number, { rows: found, scores }: Candidates): Ranking => {
  const { batches, facts, labels, names, queries } = what
  const database = found.toSorted()
  const place = new Map(Array.from(database, (image, at) => [image, at]))
  return {
    kind: "ranking",
    gallery: {
      names,
      classes: batches[0].classes,
      labels,
      ...(facts === undefined ? {} : { facts }),
      queries,
      database,
      partial: true,
      unlabelled: !what.labelled
    },
    from: row,
    to: row + 1,
    order: found.map((image) => place.get(image) ?? 0),
    scores: Float32Array.from(scores)
  }
}

/**
 * The images most similar to one query. Images with the query's own name are left out.
 *
 * @param row number of the query
 * @param top number of results; fewer if there are fewer images
 */
export const searchOne = (what: Searched, row: number, top: number): Ranking =>
  rankingOf(what, row, exactly(what, row, mayFind(what, row), top))
