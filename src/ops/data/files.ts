import { Effect } from "effect"
import { DataError } from "./errors.ts"

const fault =
  (subject: string) =>
  (cause: unknown): DataError =>
    cause instanceof DataError
      ? cause
      : new DataError({
          subject,
          problem: `cannot be read or written (${cause instanceof Error ? cause.message : String(cause)})`,
          remedy: "Check that the folder exists, that the disk has room and that you may write there",
          cause
        })

/** Runs synchronous file access; what the file system throws becomes an error that names `subject`. */
export const fileFault = <A>(subject: string, run: () => A): Effect.Effect<A, DataError> =>
  Effect.try({ try: run, catch: fault(subject) })

/** As `fileFault`, for asynchronous access. */
export const promisedFile = <A>(subject: string, run: () => Promise<A>): Effect.Effect<A, DataError> =>
  Effect.tryPromise({ try: run, catch: fault(subject) })

/** As `fileFault`, for asynchronous access that rejects with `DataError` where data are at fault; the rest is a defect. */
export const dataFault = <A>(run: () => Promise<A>): Effect.Effect<A, DataError> =>
  Effect.tryPromise({ try: run, catch: (cause) => cause }).pipe(
    Effect.catch((cause) => (cause instanceof DataError ? Effect.fail(cause) : Effect.die(cause)))
  )
