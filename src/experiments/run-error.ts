import { diskProblem } from "../pipeline/disk.ts"
import { explained } from "../pipeline/explained.ts"
import { messageOf } from "../pipeline/words.ts"

/** A run that cannot begin, or continue, in its folder. */
export class RunError extends explained("RunError") {}

/** An error of the file system in a run folder as a `RunError`; any other error is returned unchanged. */
export const inFolder = (folder: string, cause: unknown): unknown => {
  if (cause instanceof RunError || !(cause instanceof Error && "code" in cause)) return cause
  const { path } = cause as NodeJS.ErrnoException
  const problem = diskProblem(cause) ?? messageOf(cause)
  return new RunError({ subject: path ?? folder, problem, remedy: "Choose another folder with `--out`", cause })
}
