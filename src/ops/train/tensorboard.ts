import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Clock, Effect, Stream } from "effect"
import { explained } from "../../pipeline/explained.ts"
import { operator } from "../../pipeline/operator.ts"
import { PositiveInt, param } from "../../pipeline/param.ts"
import { messageOf } from "../../pipeline/words.ts"
import { TrainStep } from "../elements.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { Run } from "../run.ts"
import { definedFigures } from "./figures.ts"
import { scalarsEvent, stepOf, versionEvent } from "./tensorboard/events.ts"
import { framed, unframed } from "./tensorboard/records.ts"

/** The event file cannot be read or written. */
export class TensorBoardError extends explained("TensorBoardError") {}

type Scalars = ReadonlyArray<readonly [tag: string, value: number]>

/** TensorBoard groups tags by what stands before a slash; figures at 100 are the original's and go without the depth. */
const tagOf = (figure: string): string => figure.replace(/^(ACG|nDCG|wAP)@100$/, "$1").replace(".", "/")

/** Losses every `display` steps, figures whenever there was a validation. */
const scalarsOf = (trained: TrainStep, display: number): Scalars => {
  const { idLoss, learningRate, loss, metricLoss, step } = trained
  const losses: Scalars =
    (step + 1) % display === 0
      ? [
          ["total_loss", loss],
          ["id_loss", idLoss],
          ["metric_loss", metricLoss],
          ["learning_rate", learningRate]
        ]
      : []
  return [...losses, ...definedFigures(trained).map(([name, value]) => [tagOf(name), value] as const)]
}

/** What an earlier run wrote before the step that this one begins with, as one file. */
const begin = (path: string, first: number, seconds: number): void => {
  const before = existsSync(path) ? unframed(readFileSync(path)).slice(1) : []
  const kept = before.filter((event) => stepOf(event) <= first)
  writeFileAtomic(path, Buffer.concat([versionEvent(seconds), ...kept].map(framed)))
}

/**
 * `tensorboard --logdir outputs` shows it. A run that goes on continues the file, without the steps that it does again; so
 * there is one line a scalar, whatever happened.
 */
export const tensorboard = operator({
  name: "tensorboard",
  about: "Writes losses and validation figures as an event file of TensorBoard, in summary/ of the run folder.",
  from: TrainStep,
  to: TrainStep,
  params: { display_step: param(PositiveInt, "Steps between losses that are written.", 10) },
  declares: { writes: () => ["summary/events.out.tfevents.orbitrank"] },
  run:
    ({ display_step }) =>
    (steps) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, wrote } = yield* Run
          const path = join(folder, "summary", "events.out.tfevents.orbitrank")
          yield* wrote(path)
          let begun = false
          const add = (step: TrainStep, seconds: number) => {
            if (!begun) begin(path, step.step, seconds)
            begun = true
            const scalars = scalarsOf(step, display_step)
            if (scalars.length > 0) appendFileSync(path, framed(scalarsEvent(seconds, step.step + 1, scalars)))
            return step
          }
          return Stream.mapEffect(steps, (step) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) =>
              Effect.try({
                try: () => add(step, now / 1000),
                catch: (cause) =>
                  new TensorBoardError({
                    subject: path,
                    problem: messageOf(cause),
                    remedy: "Make room and see that the folder can be written",
                    cause
                  })
              })
            )
          )
        })
      )
})
