/** The vectors with which a ranking can be re-ranked. */
import type { Embeddings, Ranking } from "../../elements.ts"
import type { Given } from "../rank/exact.ts"
import { rowsOf, type Vectors, vectorsOf } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"

/** Vectors of both sides of a block. */
export interface RankingVectors {
  readonly dim: number
  /** Queries of the block: float32 [to - from, dim], L2-normalised. */
  readonly queries: Float32Array
  /** Database vectors, L2-normalised. */
  readonly database: Vectors
}

const givenBoth = (first: Given, second: Given): Given => {
  const join = <A extends Int32Array | Float64Array>(into: A, a: A, b: A): A => {
    into.set(a)
    into.set(b, a.length)
    return into
  }
  const count = first.at.length + second.at.length
  const behind = second.matrix.map((matrix) => matrix + first.matrices.length)
  return {
    dim: first.dim,
    matrices: [...first.matrices, ...second.matrices],
    matrix: join(new Int32Array(count), first.matrix, behind),
    at: join(new Float64Array(count), first.at, second.at),
    squared: join(new Float64Array(count), first.squared, second.squared)
  }
}

/** The rows of `first`, followed by those of `second`. */
export const followedBy = (first: Vectors, second: Vectors): Vectors => ({
  count: first.count + second.count,
  dim: second.dim,
  read: (from, to) => {
    const out = new Float32Array((to - from) * second.dim)
    const between = Math.min(Math.max(first.count, from), to)
    if (from < between) out.set(first.read(from, between))
    if (between < to) {
      out.set(second.read(between - first.count, to - first.count), (between - from) * second.dim)
    }
    return out
  },
  squared: (row) => (row < first.count ? first.squared(row) : second.squared(row - first.count)),
  given: givenBoth(first.given, second.given)
})

const originals = (batches: ReadonlyArray<Embeddings>, images: Int32Array): Vectors =>
  vectorsOf(batches, images, "normalised")

/**
 * The vectors of a ranking, for a re-ranker.
 *
 * @param operator name of the re-ranker, for messages
 * @throws RetrieveError if the ranking has no vectors, or if they were not compared by cosine
 */
export const vectorsOfRanking = ({ from, gallery, to, vectors }: Ranking, operator: string): RankingVectors => {
  const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: operator, problem, remedy })
  if (vectors === undefined) {
    throw refuse("the rankings that arrive have no vectors to re-rank with", "Place it after `rank`")
  }
  const { batches, by, database, dim, queries } = vectors
  if (by !== "cosine") {
    throw refuse(`needs vectors of length 1, but these were ranked by ${by}`, "Set `by: cosine` in `rank`")
  }
  return {
    dim,
    queries: queries ?? originals(batches, gallery.queries.subarray(from, to)).read(0, to - from),
    database: database === undefined ? originals(batches, gallery.database) : rowsOf(database, dim)
  }
}
