import { explained } from "../../pipeline/explained.ts"
import { messageOf } from "../../pipeline/words.ts"

/** Embeddings cannot be ranked, searched or saved. */
export class RetrieveError extends explained("RetrieveError") {}

/** The error for a file that cannot be written. */
export const unwritable = (path: string, cause: unknown): RetrieveError =>
  new RetrieveError({
    subject: path,
    problem: `cannot be written (${messageOf(cause)})`,
    remedy: "Free disk space and check that the folder is writable, or choose another run folder",
    cause
  })
