/** Search through an index: its building, the queries in blocks, and its recall. */
import { random } from "../../../pipeline/random.ts"
import type { Embeddings } from "../../elements.ts"
import type { Candidates } from "../index/coding.ts"
import { givenRow } from "../rank/exact.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { flaw } from "../similarity.ts"
import { squares } from "../unit-length.ts"
import { fitIndex, type IndexChoice, recallOf, type VectorIndex } from "../vector-index.ts"
import { checkQuery, exactly, mayFind, type Searched } from "./find.ts"

/** Vectors that codes are fitted on, at most. */
const SAMPLE = 20_000

/** Queries that are searched together. */
export const QUERIES = 1000

/** Some of the vectors, drawn without replacement, in ascending order. */
const sampleOf = ({ given, images }: Searched, seed: number): Float32Array => {
  const rows = random(seed, 0, 0, "index").permutation(images).subarray(0, SAMPLE).sort()
  const sample = new Float32Array(rows.length * given.dim)
  rows.forEach((row, i) => {
    sample.set(givenRow(given, row), i * given.dim)
  })
  return sample
}

/** @throws RetrieveError if a database vector cannot be compared */
const checkImages = ({ by, given, names, images }: Searched, batches: ReadonlyArray<Embeddings>): void => {
  let first = 0
  for (const { dim, size, vectors } of batches) {
    for (let i = 0; i < size; i++) {
      const why = flaw(by, squares(vectors.subarray(i * dim, (i + 1) * dim)))
      if (why === undefined) continue
      throw new RetrieveError({
        subject: names[first + i],
        problem: `the embedding ${why}`,
        remedy: "Check the weights and the pixels"
      })
    }
    first += size
  }
  if (given.at.length !== images) throw new RangeError("there is one vector per image")
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
  checkImages(what, batches)
  const made = await fitIndex(sampleOf(what, seed), { dim: given.dim, by, index, seed, threads })
  for (const { vectors } of batches) made.add(vectors)
  return made
}

/** Joins the vectors of some queries. */
const joined = (vectors: ReadonlyArray<Float32Array>, dim: number): Float32Array => {
  const all = new Float32Array(vectors.length * dim)
  vectors.forEach((vector, i) => {
    all.set(vector, i * dim)
  })
  return all
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
  const all = await index.search(joined(vectors.slice(from, to), index.dim), top + most, what.allowed)
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
 * Measures the recall of an index on images that are drawn from those that are searched.
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
