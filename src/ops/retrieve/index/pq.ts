import { count } from "../../../pipeline/definition.ts"
import { boundsOf, type Codebook, fitCodebook, productCodes, productScores, productTable } from "../quantise/product.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { normaliseRows } from "../unit-length.ts"
import { type Coding, defineIndex, noVectors, rerankParams, type Saved, type Setting } from "./coding.ts"
import { allowedRows, bestRows } from "./scan.ts"

/** Vectors as they are coded: for `cosine` scaled to length 1, so that inner products are cosines. */
const prepared = (vectors: Float32Array, { by, dim }: Setting): Float32Array =>
  by === "cosine" ? normaliseRows(vectors.slice(), dim) : vectors

const codingOf = (book: Codebook, setting: Setting, before: Uint8Array): Coding => {
  const parts = book.centres.length
  let codes = before
  let rows = before.length / parts
  const by = setting.by === "l2" ? "l2" : "dot"
  const score = (sum: number) => (by === "l2" ? -Math.sqrt(Math.max(0, -sum)) : sum)
  return {
    add: (vectors) => {
      const more = productCodes(book, prepared(vectors, setting))
      if (codes.length < rows * parts + more.length) {
        const grown = new Uint8Array(Math.max(2 * rows * parts, rows * parts + more.length))
        grown.set(codes.subarray(0, rows * parts))
        codes = grown
      }
      codes.set(more, rows * parts)
      rows += more.length / parts
    },
    search: async (queries, k, allowed) => {
      const wanted = allowedRows(rows, allowed)
      return queries.map((query) => {
        const table = productTable(book, prepared(query, setting), by)
        const best = bestRows(wanted, productScores(table, codes, wanted), k)
        return { rows: best.rows, scores: best.scores.map(score) }
      })
    },
    save: async (): Promise<Readonly<Record<string, Saved>>> => ({
      codes: { dtype: "uint8", shape: [rows, parts], data: codes.slice(0, rows * parts) },
      ...Object.fromEntries(
        book.centres.map((own, part) => {
          const width = book.bounds[part + 1] - book.bounds[part]
          return [`centres.${part}`, { dtype: "float32", shape: [own.length / width, width], data: own }] as const
        })
      )
    }),
    bytes: () => rows * parts
  }
}

/** The index `pq`: product quantisation, one byte per part of a vector; the query is not quantised. */
export const pq = defineIndex({
  name: "pq",
  title: "one byte for each of `parts` parts of a vector (product quantisation)",
  source: "Jégou et al., TPAMI 2011",
  params: {
    parts: count("Number of parts, and of bytes per vector.", 16),
    iterations: count("Iterations of k-means, at most.", 10),
    ...rerankParams
  },
  rerank: ({ codes_only, rerank }) => (codes_only ? undefined : rerank),
  build: async ({ iterations, parts }, setting, sample) => {
    const { dim, seed } = setting
    if (sample.length === 0) throw noVectors("pq", "its centres")
    if (parts > dim) {
      throw new RetrieveError({
        subject: `index pq, parts: ${parts}`,
        problem: `the vectors have only ${dim} dimensions`,
        remedy: `Set \`parts\` to at most ${dim}`
      })
    }
    const book = fitCodebook(prepared(sample, setting), dim, parts, iterations, seed)
    return codingOf(book, setting, new Uint8Array(0))
  },
  load: async ({ parts }, setting, arrays, rows) => {
    const centres = Array.from({ length: parts }, (_, part) => Float32Array.from(arrays.of(`centres.${part}`).data))
    const book: Codebook = { dim: setting.dim, bounds: boundsOf(setting.dim, parts), centres }
    return codingOf(book, setting, Uint8Array.from(arrays.of("codes", rows * parts).data))
  }
})
