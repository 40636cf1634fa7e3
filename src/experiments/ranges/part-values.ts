import { Effect, Stream } from "effect"
import { DataError } from "../../ops/formats/data-error.ts"
import { readPlainFile } from "../../ops/formats/plain-file.ts"
import { attempt } from "../../pipeline/attempt.ts"

/** The values of a file of plain data, one at a time. */
export const valuesOf = (path: string): Stream.Stream<unknown, DataError> =>
  Stream.suspend(() =>
    Stream.unfold(readPlainFile(path), (values) =>
      Effect.map(
        attempt(DataError)(() => values.next()),
        ({ done, value }) => (done === true ? undefined : ([value, values] as const))
      )
    )
  )
