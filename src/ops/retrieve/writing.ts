import { Effect } from "effect"
import { RetrieveError, unwritable } from "./retrieve-error.ts"

/** Runs code that writes to `path`; an error of the file system becomes one that names the file. */
export const writing = <A>(path: string, run: () => A): Effect.Effect<A, RetrieveError> =>
  Effect.try({
    try: run,
    catch: (cause) => (cause instanceof RetrieveError ? cause : unwritable(path, cause))
  })
