/** Search through an index: its building, the queries in blocks, and its recall. */
import { random } from "../../../pipeline/random.ts"
import { joined } from "../../joined.ts"
import type { Candidates } from "../index/coding.ts"
import { givenRow, givenSquared } from "../rank/exact.ts"
import { flaw } from "../similarity.ts"
import { fitIndex, type IndexChoice, recallOf, type VectorIndex } from "../vector-index.ts"
import { checkQuery, exactly, mayFind, refuseVector, type Searched } from "./find.ts"

/** Vectors that codes are fitted on, at most. */
const SAMPLE = 20_000

/** Queries that are searched together. */
export const QUERIES = 1000

const matrixOf = (vectors: ReadonlyArray<Float32Array>): Float32Array => joined([new Float32Array(0), ...vectors])

/** Some of the vectors, drawn without replacement, in ascending order. */
const sampleOf = ({ given, images }: Searched, seed: number): Float32Array => {
  const rows = random(seed, 0, 0, "index").permutation(images).subarray(0, SAMPLE).sort()
  return matrixOf(Array.from(rows, (row) => givenRow(given, row)))
}

/** @throws RetrieveError if a database vector cannot be compared */
const checkImages = ({ by, given, images, names }: Searched): void => {
  for (let image = 0; image < images; image++) {
    const why = flaw(by, givenSquared(given, image))
    if (why !== undefined) throw refuseVector(names[image], why)
  }
}

/**
 * The index of the images that are searched.
 *
 * @throws RetrieveError if a vector cannot be compared, or if the index needs a package that is not installed
 */
export const indexOf = async (
  what: Searched,
  index: IndexChoice,
  seed: number,
  threads: number
): Promise<VectorIndex> => {
  const { batches, by, given } = what
  checkImages(what)
  const made = await fitIndex(sampleOf(what, seed), { dim: given.dim, by, index, seed, threads })
  for (const { vectors } of batches) made.add(vectors)
  return made
}

/**
 * The images that an index finds for the queries [from, to). Images with a query's own name are left out.
 *
 * @throws RetrieveError if a query cannot be compared
 */
export const found = async (
  what: Searched,
  index: VectorIndex,
  [from, to]: readonly [number, number],
  top: number
): Promise<ReadonlyArray<Candidates>> => {
  const { names, queries, vectors } = what
  const rows = Array.from({ length: to - from }, (_, i) => from + i)
  for (const row of rows) checkQuery(what, row)
  const asked = new Set(rows.map((row) => names[queries[row]]))
  const own = new Map<string, number>()
  for (let image = 0; image < what.images; image++) {
    if (asked.has(names[image])) own.set(names[image], (own.get(names[image]) ?? 0) + 1)
  }
  const most = Math.max(0, ...own.values())
  const all = await index.search(matrixOf(vectors.slice(from, to)), top + most, what.allowed)
  return all.map((one, i) => {
    const name = names[queries[from + i]]
    const kept = Array.from(one.rows.keys()).filter((at) => names[one.rows[at]] !== name)
    const best = kept.slice(0, top)
    return {
      rows: Int32Array.from(best, (at) => one.rows[at]),
      scores: Float64Array.from(best, (at) => one.scores[at])
    }
  })
}

/** How much of an exact search an index finds. */
export interface Recall {
  readonly queries: number
  readonly top: number
  /** Mean over the queries of the share of the exact results that the index finds. */
  readonly recall: number
}

/**
 * Measures the recall of an index on images that are drawn from the images searched.
 *
 * @param count number of images, at most
 */
export const measureRecall = async (
  what: Searched,
  index: VectorIndex,
  count: number,
  top: number,
  seed: number
): Promise<Recall> => {
  const { given, images } = what
  const drawn = random(seed, 0, 0, "recall").permutation(images).slice(0, count)
  const asked: Searched = { ...what, queries: drawn, vectors: Array.from(drawn, (image) => givenRow(given, image)) }
  const rows = Array.from(drawn.keys())
  const exact = rows.map((row) => exactly(asked, row, mayFind(asked, row), top))
  const recall = recallOf(await found(asked, index, [0, drawn.length], top), exact)
  return { queries: drawn.length, top, recall: recall.reduce((sum, one) => sum + one, 0) / Math.max(1, drawn.length) }
}
