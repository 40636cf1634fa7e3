/** What can be wrong with data; without Effect, for what worker threads load too. */
import { explained } from "../../pipeline/explained.ts"

/** Data that are not as they must be: a file, a patch, a header, a label. */
export class DataError extends explained("DataError") {}

/** A store of patches that cannot be opened, read or written. */
export class StoreError extends explained("StoreError") {}

/**
 * What file access has thrown, as an error that names `subject`.
 *
 * @throws what is no fault of the file system's, nor of data
 */
export const fileError =
  (subject: string) =>
  (cause: unknown): DataError => {
    if (cause instanceof DataError) return cause
    if (!(cause instanceof Error && "code" in cause)) throw cause
    return new DataError({
      subject,
      problem: `cannot be read or written (${cause.message})`,
      remedy: "Check that the folder exists, that the disk has room and that you may write there",
      cause
    })
  }
