/** The queues of a cluster: tasks from runs to workers, and answers back. */
import { Schedule, Schema } from "effect"
import { PersistedQueue } from "effect/persistence"
import { RangeFailure, Task } from "../ranges/task.ts"
import { type Fit, queueName } from "./fit.ts"

/** A run of a sweep, as `run.ts` starts it. Paths inside the shared folder are written relative to it. */
export const CellTask = Schema.Struct({
  key: Schema.String,
  name: Schema.String,
  /** The configuration. */
  file: Schema.String,
  /** Values of `--set`. */
  set: Schema.Array(Schema.String),
  /** The run folder, and that of the sweep. */
  folder: Schema.String,
  sweep: Schema.String,
  /** The epoch after whose validation the run pauses. */
  until: Schema.optionalKey(Schema.Number)
})
export type CellTask = typeof CellTask.Type

/** A range or a run, and the id of the run or the sweep that wants it. */
export const Wanted = Schema.Union([
  Schema.Struct({ run: Schema.String, task: Task }),
  Schema.Struct({ run: Schema.String, cell: CellTask })
])
export type Wanted = typeof Wanted.Type

/** How a range or a run ended. */
export const Answer = Schema.Struct({
  key: Schema.String,
  worker: Schema.String,
  /** Of the part, in the shared folder. */
  sha256: Schema.optionalKey(Schema.String),
  failure: Schema.optionalKey(RangeFailure),
  /** Last lines of a run that failed. */
  last: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Answer = typeof Answer.Type

/** More attempts than any range needs: whoever takes a range too often answers so himself. */
const ATTEMPTS = 1000

/** A task or an answer is offered again a second after an attempt that failed. */
const settings = { maxAttempts: ATTEMPTS, retrySchedule: Schedule.spaced("1 second") }

export const tasksOf = (fit: Fit) => PersistedQueue.make({ name: queueName(fit), schema: Wanted, ...settings })

export const answersOf = (run: string) => PersistedQueue.make({ name: `answers/${run}`, schema: Answer, ...settings })
