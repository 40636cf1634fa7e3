/** The queues of a cluster: tasks from runs to workers, and answers back. */
import { Schema } from "effect"
import { PersistedQueue } from "effect/persistence"
import { RangeFailure, Task } from "../ranges/task.ts"
import { type Fit, queueName } from "./fit.ts"

/** A task, and the run that wants it. */
export const Wanted = Schema.Struct({ run: Schema.String, task: Task })

/** How a range ended. */
export const Answer = Schema.Struct({
  key: Schema.String,
  worker: Schema.String,
  /** Of the part, in the shared folder. */
  sha256: Schema.optionalKey(Schema.String),
  failure: Schema.optionalKey(RangeFailure)
})
export type Answer = typeof Answer.Type

/** More attempts than any range needs: whoever takes a range too often answers so himself. */
const ATTEMPTS = 1000

export const tasksOf = (fit: Fit) =>
  PersistedQueue.make({ name: queueName(fit), schema: Wanted, maxAttempts: ATTEMPTS })

export const answersOf = (run: string) =>
  PersistedQueue.make({ name: `answers/${run}`, schema: Answer, maxAttempts: ATTEMPTS })
