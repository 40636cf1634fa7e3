import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result, Schema, Stream } from "effect"
import { check } from "../../pipeline/check.ts"
import { operator } from "../../pipeline/operator.ts"
import { Name, optional, PositiveInt, param } from "../../pipeline/param.ts"
import { messageOf, nearest } from "../../pipeline/words.ts"
import { TrainStep } from "../elements.ts"
import { writeFileAtomic } from "../formats/files.ts"
import type { EpochEnd } from "../model/weights/checkpoints.ts"
import { Run } from "../run.ts"
import { TrainError, withFile } from "./train-error.ts"
import { endsEpoch, writeBest } from "./write-checkpoint.ts"

const Validated = Schema.Struct({
  /** From 1. */
  epoch: PositiveInt,
  value: Schema.Number
})
/** A figure of validation after an epoch. */
export type Validated = typeof Validated.Type
const History = Schema.Array(Validated)

/** The history with one more validation, without those of later epochs, which an earlier run had seen. */
const extended = (history: ReadonlyArray<Validated>, next: Validated): ReadonlyArray<Validated> => [
  ...history.filter(({ epoch }) => epoch < next.epoch),
  next
]

/** The largest value; the first of equals. */
const bestOf = (history: ReadonlyArray<Validated>): Validated =>
  history.reduce((best, one) => (one.value > best.value ? one : best))

/** Number of validations since the best one. */
const waited = (history: ReadonlyArray<Validated>): number =>
  history.filter(({ epoch }) => epoch > bestOf(history).epoch).length

/** The figure of the last step of an epoch. If there is none, training stops: no checkpoint could be kept as the best. */
const figureOf = (figure: string, { state, validation }: EpochEnd): number => {
  const subject = `validation after epoch ${state.epoch}`
  if (validation === undefined) {
    throw new TrainError({
      subject: "best",
      problem: `epoch ${state.epoch} ended without a validation, so no checkpoint is the best`,
      remedy: "Put `validate` before `best`"
    })
  }
  if (!Object.hasOwn(validation, figure)) {
    const known = Object.keys(validation)
    const near = nearest(figure, known)
    throw new TrainError({
      subject,
      problem: known.length === 0 ? "has no figures" : `has no figure ${figure}; it has ${known.join(", ")}`,
      remedy: `Name ${near === undefined ? "one of them" : `\`${near}\``} in \`figure\` of \`best\``
    })
  }
  if (Number.isNaN(validation[figure])) {
    throw new TrainError({
      subject,
      problem: `${figure} is undefined: no query of the validation split counts in it`,
      remedy: "Validate on more images, or name another figure in `figure` of `best`"
    })
  }
  return validation[figure]
}

/** The file of validations, in the folder of checkpoints. */
export const HISTORY = "best.json"

const unreadable = (path: string, problem: string, cause?: unknown): TrainError =>
  new TrainError({
    subject: path,
    problem,
    remedy: "Use `--fresh` to start the training anew, or `--out` for another folder",
    cause
  })

const read = (path: string): ReadonlyArray<Validated> => {
  if (!existsSync(path)) return []
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, "utf8"))
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw unreadable(path, `cannot be read (${messageOf(cause)})`, cause)
  }
  const history = check(History, value)
  if (Result.isSuccess(history)) return history.success
  throw unreadable(path, "is not a list of validations, as `best` writes it")
}

/**
 * Validations so far, by `best`, in a folder of checkpoints; empty if there are none.
 *
 * @throws TrainError if the file cannot be read, or is not a list of validations
 */
export const validationsOf = (checkpoints: string): ReadonlyArray<Validated> => read(join(checkpoints, HISTORY))

/**
 * Keeps the best checkpoint; it follows `validate`. With `patience`, training ends after that many validations without
 * improvement; the operators after this one still receive the last step.
 */
export const best = operator({
  name: "best",
  about: "Keeps the checkpoint with the best validation figure as checkpoints/best.safetensors, and may end training.",
  from: TrainStep,
  to: TrainStep,
  params: {
    figure: param(Name, "The figure of the report; the larger the better.", "mAP.hard"),
    patience: optional(PositiveInt, "Number of validations without improvement after which training ends.")
  },
  declares: { writes: () => ["checkpoints/best.json", "checkpoints/best.safetensors"] },
  run:
    ({ figure, patience }) =>
    (steps) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, say, wrote } = yield* Run
          const checkpoints = join(folder, "checkpoints")
          const path = join(checkpoints, HISTORY)
          const follow = (step: TrainStep) =>
            Effect.gen(function* () {
              if (!endsEpoch(step)) return { step, ends: false }
              const history = yield* withFile(path, () =>
                extended(read(path), { epoch: step.state.epoch, value: figureOf(figure, step) })
              )
              const { epoch, value } = bestOf(history)
              if (epoch === step.state.epoch) yield* wrote(yield* writeBest(checkpoints, step))
              yield* withFile(path, () => writeFileAtomic(path, `${JSON.stringify(history)}\n`))
              yield* wrote(path)
              const ends = patience !== undefined && waited(history) >= patience
              if (ends) {
                yield* say(
                  `  training ends after epoch ${step.state.epoch}: ${figure} was best after epoch ${epoch} (${value.toFixed(4)})`
                )
              }
              return { step, ends }
            })
          return Stream.mapEffect(steps, follow).pipe(
            Stream.takeUntil(({ ends }) => ends),
            Stream.map(({ step }) => step)
          )
        })
      )
})
