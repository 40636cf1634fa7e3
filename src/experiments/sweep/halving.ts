/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016): all groups train for some epochs, the better ones continue. A
 * run that pauses is interrupted after its validation, and the same command continues it with the same numbers.
 */
import { join } from "node:path"
import { type Validated, validationsOf } from "../../ops/train/best.ts"
import { TrainError } from "../../ops/train/train-error.ts"
import { RunError } from "../run-error.ts"

/** Validations of a run folder. */
const historyOf = (folder: string): ReadonlyArray<Validated> => {
  try {
    return validationsOf(join(folder, "checkpoints"))
  } catch (cause) {
    if (!(cause instanceof TrainError)) throw cause
    const { problem, remedy, subject } = cause
    throw new RunError({ subject, problem, remedy, cause })
  }
}

/**
 * Whether a run has validated after this epoch, or a later one; without an epoch never. Throws RunError if the file of its
 * validations is not a list of validations.
 */
export const pauseAfter =
  (folder: string, epoch: number | undefined): (() => boolean) =>
  () =>
    epoch !== undefined && historyOf(folder).some((one) => one.epoch >= epoch)

/**
 * The best validation figure of a run until an epoch.
 *
 * @throws RunError if it has none, or if the file of its validations is not a list of validations
 */
export const scoreOf = (folder: string, epoch: number): number => {
  const values = historyOf(folder).flatMap((one) => (one.epoch <= epoch ? [one.value] : []))
  if (values.length > 0) return Math.max(...values)
  throw new RunError({
    subject: folder,
    problem: `has no validation until epoch ${epoch}`,
    remedy: "Name a later epoch in `stop.after` of the sweep, or a smaller `checkpoint_step` in `checkpoint`"
  })
}

/**
 * Which groups continue: the better ones, and the first one, with which all others are compared. At least two continue.
 *
 * @param scores of the groups; the larger the better, ties in their order
 * @param keep fraction of the groups, rounded up
 *
 * @example
 * continuing([0.1, 0.4, 0.3, 0.2], 0.5) // => [true, true, true, false]
 * continuing([0.1, 0.4], 0.1) // => [true, true]
 */
export const continuing = (scores: ReadonlyArray<number>, keep: number): ReadonlyArray<boolean> => {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b)
  const kept = new Set([0, ...order.slice(0, Math.ceil(keep * scores.length))])
  for (const i of order) if (kept.size < 2) kept.add(i)
  return scores.map((_, i) => kept.has(i))
}
