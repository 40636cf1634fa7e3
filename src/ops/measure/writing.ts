import { Effect } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { Run } from "../run.ts"
import { MeasureError } from "./measure-error.ts"

/** Writes a text file, and enters it in the list of files that the run wrote. */
export const writeText = Effect.fnUntraced(function* (path: string, text: () => string) {
  yield* Effect.mapError(
    attempt(Error)(() => writeFileAtomic(path, text())),
    (cause) =>
      new MeasureError({
        subject: path,
        problem: `cannot be written (${cause.message})`,
        remedy: "Free disk space, or choose another run folder",
        cause
      })
  )
  yield* (yield* Run).wrote(path)
})
