import { explained } from "../../pipeline/explained.ts"
import { messageOf } from "../../pipeline/words.ts"

/** Embeddings that cannot be ranked or saved. */
export class RetrieveError extends explained("RetrieveError") {}

/** What the file system has thrown at writing, as an error that names the file. */
export const unwritable = (path: string, cause: unknown): RetrieveError =>
  new RetrieveError({
    subject: path,
    problem: `cannot be written (${messageOf(cause)})`,
    remedy: "Make room for it, or choose another run folder",
    cause
  })
