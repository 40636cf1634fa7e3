/** The errors of data and stores. Worker threads load this file, so it imports no Effect. */
import { explained } from "../../pipeline/explained.ts"

/** A file, a patch, a header or a label is damaged, or not what the reader expects. */
export class DataError extends explained("DataError") {}

/** A store of patches that cannot be opened, read or written. */
export class StoreError extends explained("StoreError") {}

/**
 * Turns an error of the file system into a DataError that names `subject`; a DataError passes unchanged.
 *
 * @throws the cause itself if it is an error of any other kind
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
