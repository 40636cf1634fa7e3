/**
 * The form of an index: how vectors are stored and how the most similar ones are found. Indexes know neither names nor labels;
 * they number vectors in the order in which they were added.
 *
 * A new index is a file in this folder that exports a definition, and its name in the list of `../indexes.ts`.
 */
import { count, type Definition, flag, type Own, type OwnParams } from "../../../pipeline/definition.ts"
import type { Dtype, Pixels } from "../../formats/dtypes.ts"
import type { SearchThreads } from "../hamming/threads.ts"
import { RetrieveError } from "../retrieve-error.ts"
import type { Similarity } from "../similarity.ts"
import type { Rows } from "./rows.ts"

/** Rows that were found for one query, best first. */
export interface Candidates {
  readonly rows: Int32Array
  /** Their similarities, which may be approximate; larger is more similar. */
  readonly scores: Float64Array
}

/** An array that an index saves. */
export interface Saved {
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly data: Pixels
}

/** Arrays of a saved index, by their names. */
export type SavedArrays = Readonly<Record<string, Saved>>

/** Arrays of which each is asked for by its name. @throws RetrieveError for an array that the file does not have */
export const savedArrays = (arrays: SavedArrays, file: string) => ({
  /** Whether the file has an array. */
  has: (name: string): boolean => Object.hasOwn(arrays, name),
  /** @throws RetrieveError if the file lacks the array, or if it has another number of values */
  of: (name: string, values?: number): Saved => {
    const found = Object.hasOwn(arrays, name) ? arrays[name] : undefined
    const refuse = (problem: string) =>
      new RetrieveError({ subject: file, problem, remedy: "Give a file that an index wrote, or build the index again" })
    if (found === undefined) throw refuse(`this index has no array \`${name}\``)
    if (values === undefined || found.data.length === values) return found
    throw refuse(`the array \`${name}\` of this index has ${found.data.length} values, not ${values}`)
  }
})
export type ArraysOfFile = ReturnType<typeof savedArrays>

/** Threads that an index may use. */
export type Threads = SearchThreads & { readonly size: number }

/** Everything about an index that does not depend on its kind. */
export interface Setting {
  /** Length of a vector. */
  readonly dim: number
  readonly by: Similarity
  /** Seed of the random draws when codes are fitted. */
  readonly seed: number
  /** Without them, the calling thread searches. */
  readonly threads: Threads | undefined
  /** The vectors themselves, unless only codes are kept. */
  readonly rows: Rows
}

/** The vectors that an index has stored. */
export interface Coding {
  /** @param vectors float32 [n, dim] */
  readonly add: (vectors: Float32Array) => void
  /**
   * The best rows of each query. Rows are removed by `allowed` alone.
   *
   * @param queries float32 [dim] each
   * @param k number of rows; fewer are returned if fewer are allowed
   * @param allowed uint8 [rows], 1 for each row that may be found; undefined for all
   */
  readonly search: (
    queries: ReadonlyArray<Float32Array>,
    k: number,
    allowed: Uint8Array | undefined
  ) => Promise<ReadonlyArray<Candidates>>
  /** Everything that `load` needs. */
  readonly save: () => Promise<Readonly<Record<string, Saved>>>
  /** Bytes of the codes of all rows. */
  readonly bytes: () => number
  /** How it computes, for records; undefined if there is only one way. */
  readonly kernel?: string
  /** Ends its connections. */
  readonly close?: () => Promise<void>
}

/** Everything about an index: its name in configurations, its parameters, and how they make it. */
export interface IndexDefinition<Name extends string = string, P extends OwnParams = OwnParams>
  extends Definition<Name, P> {
  readonly source: string
  /**
   * Number of candidates whose similarities are computed again from the vectors; undefined if the index keeps no vectors.
   * (Methods, so that definitions with different parameters fit in one list.)
   */
  rerank(own: Own<P>): number | undefined
  /** Makes an empty index. @param sample vectors that codes are fitted on, float32 [n, dim] */
  build(own: Own<P>, setting: Setting, sample: Float32Array): Promise<Coding>
  /** Makes the index that saved these arrays. @param rows number of vectors that were added. Rejects with RetrieveError if an array is missing */
  load(own: Own<P>, setting: Setting, arrays: ArraysOfFile, rows: number): Promise<Coding>
}

/** The error for an index that is fitted on no vectors. @param what it fits */
export const noVectors = (index: string, what: string): RetrieveError =>
  new RetrieveError({
    subject: `index ${index}`,
    problem: `there are no vectors to fit ${what} on`,
    remedy: "Build the index with vectors"
  })

/** Declares an index. */
export const defineIndex = <const Name extends string, const P extends OwnParams>(
  definition: IndexDefinition<Name, P>
): IndexDefinition<Name, P> => definition

/** The parameters of every index that searches codes first and vectors second. */
export const rerankParams = {
  rerank: count("Number of first results whose similarities are computed again from the vectors.", 100),
  codes_only: flag("Keeps only the codes, not the vectors: there is no re-ranking, and scores are approximate.", false)
}
