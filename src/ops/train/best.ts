import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Name, optional, PositiveInt, param } from "../../pipeline/param.ts"
import { messageOf, nearest } from "../../pipeline/words.ts"
import { TrainStep } from "../elements.ts"
import { writeFileAtomic } from "../formats/files.ts"
import type { EpochEnd } from "../model/weights/checkpoints.ts"
import { Run } from "../run.ts"
import { bestOf, extended, type Validated, waited } from "./history.ts"
import { TrainError } from "./train-error.ts"
import { endsEpoch, writeBest } from "./write-checkpoint.ts"

/** The figure of the last step of an epoch; where it cannot be told, training stops rather than keep nothing. */
const figureOf = (figure: string, { state, validation }: EpochEnd): number => {
  const subject = `validation after epoch ${state.epoch}`
  if (validation === undefined) {
    throw new TrainError({
      subject: "best",
      problem: `epoch ${state.epoch} ended without a validation, so that no checkpoint is the best`,
      remedy: "Put `validate` before `best`"
    })
  }
  if (!Object.hasOwn(validation, figure)) {
    const known = Object.keys(validation)
    const near = nearest(figure, known)
    throw new TrainError({
      subject,
      problem: `has no figure ${figure}, but ${known.join(", ") || "none"}`,
      remedy: `Name ${near === undefined ? "one of them" : `\`${near}\``} in \`figure\` of \`best\``
    })
  }
  if (Number.isNaN(validation[figure])) {
    throw new TrainError({
      subject,
      problem: `${figure} is undefined there: no query of the validation split counts in it`,
      remedy: "Validate on more images, or name another figure in `figure` of `best`"
    })
  }
  return validation[figure]
}

const read = (path: string): ReadonlyArray<Validated> =>
  existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ReadonlyArray<Validated>) : []

const attempt = <A>(path: string, body: () => A) =>
  Effect.try({
    try: body,
    catch: (cause) =>
      cause instanceof TrainError
        ? cause
        : new TrainError({
            subject: path,
            problem: messageOf(cause),
            remedy: "Make room and see that the folder can be written; move the file away if it is damaged",
            cause
          })
  })

/**
 * Stands after `validate`. With `patience` training ends where the figure has not become better in so many validations; all
 * that comes after this step still sees the last one.
 */
export const best = operator({
  name: "best",
  about: "Keeps the checkpoint with the best validation figure as checkpoints/best.safetensors, and may end training.",
  from: TrainStep,
  to: TrainStep,
  params: {
    figure: param(Name, "The figure of the report; the larger the better.", "mAP.hard"),
    patience: optional(PositiveInt, "Validations without a better figure after which training ends.")
  },
  declares: { writes: () => ["checkpoints/best.json", "checkpoints/best.safetensors"] },
  run:
    ({ figure, patience }) =>
    (steps) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, say, wrote } = yield* Run
          const checkpoints = join(folder, "checkpoints")
          const path = join(checkpoints, "best.json")
          const follow = (step: TrainStep) =>
            Effect.gen(function* () {
              if (!endsEpoch(step)) return { step, ends: false }
              const history = yield* attempt(path, () =>
                extended(read(path), { epoch: step.state.epoch, value: figureOf(figure, step) })
              )
              const { epoch, value } = bestOf(history)
              if (epoch === step.state.epoch) yield* wrote(yield* writeBest(checkpoints, step))
              yield* attempt(path, () => writeFileAtomic(path, `${JSON.stringify(history)}\n`))
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
