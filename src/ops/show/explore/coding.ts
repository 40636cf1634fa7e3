/** How exactly the vectors are written: as small as the ten nearest images allow. */
import { random } from "../../../pipeline/random.ts"
import { topOf } from "../../retrieve/search/top.ts"
import type { Collected } from "./collected.ts"
import { BYTES, type Coding, coded, cosines, rowOf, type Vectors } from "./kit/vectors.ts"

/** Bytes of float32 vectors that a page loads at once without notice. */
const SMALL = 4 * 2 ** 20

/** Share of the ten nearest that must survive. */
export const LEAST_RECALL = 0.98

/** Most and fewest queries of the measurement, and multiplications that bound their number. */
const [MOST_QUERIES, FEWEST_QUERIES, BUDGET] = [100, 10, 4e9]

/** Bytes of one script of vectors, before base64. */
const PIECE_BYTES = 4 * 2 ** 20

/** Vectors in a coding, in pieces as the page loads them. */
export const vectorsIn = ({ count, dim, vectors }: Collected, coding: Coding): Vectors => {
  const rows = Math.max(1, Math.floor(PIECE_BYTES / (dim * BYTES[coding])))
  const pieces = Array.from({ length: Math.ceil(count / rows) }, (_, i) => {
    const to = Math.min(count, (i + 1) * rows)
    return { rows: to - i * rows, values: coded(vectors.subarray(i * rows * dim, to * dim), dim, coding) }
  })
  return { count, dim, coding, pieces }
}

/** Recall@10 of a coding. */
export interface Recall {
  readonly share: number
  readonly queries: number
}

/**
 * Recall@10 of a coding against float32: the share of the ten nearest images by float32 that are among the ten nearest by the
 * codes, over drawn queries, each left out of its own results.
 */
export const recallOf = (exact: Vectors, approximate: Vectors, seed: number): Recall => {
  const { count, dim } = exact
  const wanted = Math.min(MOST_QUERIES, Math.max(FEWEST_QUERIES, Math.floor(BUDGET / (count * dim))))
  const queries = random(seed, 0, 0, "recall").permutation(count).subarray(0, Math.min(wanted, count))
  const nearest = (vectors: Vectors, query: number) => {
    const scores = cosines(vectors, rowOf(vectors, query))
    scores[query] = Number.NEGATIVE_INFINITY
    return topOf(scores, Math.min(10, count - 1))
  }
  let [found, all] = [0, 0]
  for (const query of queries) {
    const kept = new Set(nearest(approximate, query))
    for (const image of nearest(exact, query)) {
      all++
      if (kept.has(image)) found++
    }
  }
  return { share: all === 0 ? 1 : found / all, queries: queries.length }
}

/**
 * The vectors as they are written: those of the coding asked for; with `auto`, float32 up to 4 MB, else int8 if its recall@10
 * is at least 0.98, else int16.
 *
 * @param small bytes up to which `auto` takes float32
 */
export const chosenVectors = (
  all: Collected,
  wanted: Coding | "auto",
  seed: number,
  small = SMALL
): { readonly vectors: Vectors; readonly recall: Recall | undefined } => {
  const exact = vectorsIn(all, "float32")
  if (wanted === "float32" || (wanted === "auto" && all.vectors.byteLength <= small))
    return { vectors: exact, recall: undefined }
  const first = vectorsIn(all, wanted === "auto" ? "int8" : wanted)
  const recall = recallOf(exact, first, seed)
  if (wanted !== "auto" || recall.share >= LEAST_RECALL) return { vectors: first, recall }
  const wider = vectorsIn(all, "int16")
  return { vectors: wider, recall: recallOf(exact, wider, seed) }
}
