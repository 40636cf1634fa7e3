/**
 * A process that makes ranges for its parent, one at a time. It ends with its parent, and leaves signals of the terminal to
 * it.
 */
import { diskProblem } from "../../pipeline/disk.ts"
import { messageOf } from "../../pipeline/words.ts"
import type { Facts } from "./part-files.ts"
import { Session } from "./session.ts"
import { nameOf, type RangeFailure, type Task } from "./task.ts"

/** From the child to its parent. */
export type Reply =
  | { readonly ready: true }
  | { readonly key: string; readonly facts: Facts }
  | { readonly key: string; readonly failure: RangeFailure }

const failureOf = (task: Task, error: unknown, stage: number | undefined): RangeFailure => {
  const at = stage === undefined ? {} : { stage }
  if (error instanceof Error && "_tag" in error && "subject" in error) {
    const { _tag, problem, remedy, subject } = error as Error &
      Record<"_tag" | "problem" | "remedy" | "subject", string>
    return { tag: _tag, subject, problem, remedy, ...at }
  }
  const remedy = "This is a fault of orbitrank itself: please report it"
  const problem = diskProblem(error) ?? (error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error))
  if (error instanceof Error && "_tag" in error)
    return { tag: String(error._tag), subject: nameOf(task), problem: error.message, remedy: "", ...at }
  return { subject: nameOf(task), problem, remedy, ...at }
}

if (process.send !== undefined) {
  const reply = (value: Reply) => void process.send?.(value)
  const session = new Session(process.argv[2] ?? "worker")
  process.on("SIGINT", () => {})
  process.on("SIGTERM", () => {})
  process.on("disconnect", () => process.exit(0))
  process.on("message", (task: Task) => {
    session.make(task).then(
      (facts) => reply({ key: task.key, facts }),
      (error: unknown) => reply({ key: task.key, failure: failureOf(task, error, session.failed) })
    )
  })
  reply({ ready: true })
}
