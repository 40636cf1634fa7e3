/** Files of embeddings, whatever their format: a number of rows, and what the file says of the images. */
import type { Effect } from "effect"
import { DataError } from "../../../formats/data-error.ts"
import { RetrieveError } from "../../retrieve-error.ts"

/** Facts about one image: further columns of its table, as text. */
export type Facts = Readonly<Record<string, string>>

/** Some rows of embeddings. */
export interface Rows {
  /** float32 [to - from, columns]. */
  readonly vectors: Float32Array
  /** Names of the images, if the file has them. */
  readonly names?: ReadonlyArray<string> | undefined
  /** uint8 [to - from, classes], if the file has labels. */
  readonly labels?: Uint8Array | undefined
  readonly facts?: ReadonlyArray<Facts> | undefined
}

/** An opened file of embeddings. */
export interface Source {
  /** For messages. */
  readonly path: string
  /** Files that were opened. */
  readonly files: ReadonlyArray<string>
  readonly rows: number
  /** Length of an embedding. */
  readonly columns: number
  /** Classes of its own labels; `undefined` if it has none. */
  readonly classes: ReadonlyArray<string> | undefined
  /** Reads the rows [from, to). Fails if the file is damaged. */
  readonly read: (from: number, to: number) => Effect.Effect<Rows, RetrieveError>
  readonly close: () => void
}

/** Choices of a user where a file leaves one open. */
export interface SourceOptions {
  /** Name of the array, tensor or column of the embeddings. */
  readonly array: string | undefined
  /** Column with the names of the images. */
  readonly id: string | undefined
}

/** Names that programs give to arrays or columns of embeddings. */
export const USUAL_NAMES = ["embedding", "embeddings", "vector", "vectors", "feature", "features", "emb", "x"]

/** Runs code whose DataErrors become RetrieveErrors of the same words. */
export const reading = <A>(run: () => A): A => {
  try {
    return run()
  } catch (cause) {
    throw asRetrieveError(cause)
  }
}

/** A DataError as a RetrieveError of the same words; any other value unchanged. */
export const asRetrieveError = (cause: unknown): unknown =>
  cause instanceof DataError
    ? new RetrieveError({ subject: cause.subject, problem: cause.problem, remedy: cause.remedy, cause })
    : cause

/**
 * Chooses one of several arrays: the one that is asked for, the only one, or the only one with a usual name.
 *
 * @param what `array`, `tensor` or `column`, for messages
 * @throws RetrieveError if none or several fit
 */
export const chooseArray = (
  path: string,
  what: string,
  candidates: ReadonlyArray<string>,
  wanted: string | undefined
): string => {
  const list = candidates.length === 0 ? "none" : candidates.slice(0, 12).join(", ")
  const refuse = (problem: string, remedy: string): never => {
    throw new RetrieveError({ subject: path, problem, remedy })
  }
  if (wanted !== undefined) {
    if (candidates.includes(wanted)) return wanted
    return refuse(
      `has no ${what} of embeddings named ${wanted}; those that fit: ${list}`,
      "Name one of these in `array`"
    )
  }
  if (candidates.length === 1) return candidates[0]
  const usual = USUAL_NAMES.flatMap((name) => candidates.filter((one) => one.toLowerCase() === name))
  if (usual.length > 0) return usual[0]
  if (candidates.length === 0) {
    return refuse(`has no ${what} of embeddings`, "Give one row of numbers per image, shape (images, dimensions)")
  }
  return refuse(`has ${candidates.length} ${what}s that may be the embeddings: ${list}`, "Name one of these in `array`")
}
