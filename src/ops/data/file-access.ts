import { Effect } from "effect"
import { DataError, fileError } from "../formats/data-error.ts"

/** Runs synchronous file access; an error of the file system becomes a DataError that names `subject`. */
export const fileFault = <A>(subject: string, run: () => A): Effect.Effect<A, DataError> =>
  Effect.try({ try: run, catch: fileError(subject) })

/** As `fileFault`, for asynchronous access. */
export const promisedFile = <A>(subject: string, run: () => Promise<A>): Effect.Effect<A, DataError> =>
  Effect.tryPromise({ try: run, catch: fileError(subject) })

/** Runs asynchronous access that rejects with DataError if the data are wrong; any other error is a defect. */
export const dataFault = <A>(run: () => Promise<A>): Effect.Effect<A, DataError> =>
  Effect.tryPromise({ try: run, catch: (cause) => cause }).pipe(
    Effect.catch((cause) => (cause instanceof DataError ? Effect.fail(cause) : Effect.die(cause)))
  )
