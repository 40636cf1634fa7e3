import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Clock, Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { PositiveInt, param } from "../../pipeline/param.ts"
import { TrainStep } from "../elements.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { Run } from "../run.ts"

import { scalarsEvent, stepOf, versionEvent } from "./tensorboard/events.ts"
import { framed, unframed } from "./tensorboard/records.ts"
import { withFile } from "./train-error.ts"
import { definedFigures } from "./validate.ts"

type Scalars = ReadonlyArray<readonly [tag: string, value: number]>

/** TensorBoard groups tags by the text before a slash. Figures at 100 are the original's and have no depth in their tags. */
const tagOf = (figure: string): string => figure.replace(/^(ACG|nDCG|wAP)@100$/, "$1").replace(".", "/")

/** Losses of a step. */
const lossesOf = ({ idLoss, learningRate, loss, metricLoss }: TrainStep): Scalars => [
  ["total_loss", loss],
  ["id_loss", idLoss],
  ["metric_loss", metricLoss],
  ["learning_rate", learningRate]
]

/**
 * The number of each step within its epoch, from 0. A run that continues begins with the last step of an epoch, whose number
 * follows from the length of the epochs before.
 */
const withinEpochs = () => {
  let epoch: { readonly number: number; readonly first: number } | undefined
  return ({ epoch: number, state, step }: TrainStep): number => {
    if (epoch?.number !== number) {
      const isFirst = epoch !== undefined || state === undefined || number === 0
      epoch = { number, first: isFirst ? step : step + 1 - Math.round((step + 1) / (number + 1)) }
    }
    return step - epoch.first
  }
}

/** Keeps the events of an earlier run before the step that this run begins with, as one file. */
const begin = (path: string, first: number, seconds: number): void => {
  const before = existsSync(path) ? unframed(readFileSync(path)).slice(1) : []
  const kept = before.filter((event) => stepOf(event) < first)
  writeFileAtomic(path, Buffer.concat([versionEvent(seconds), ...kept].map(framed)))
}

/**
 * Writes an event file, which `tensorboard --logdir outputs` shows. As in the original, steps count from 0 and losses are
 * written at the first step of each epoch and every `display_step` steps after it. A run that continues drops the events of
 * the steps that it repeats, so every scalar has one line.
 */
export const tensorboard = operator({
  name: "tensorboard",
  about: "Writes losses and validation figures as an event file of TensorBoard, in summary/ of the run folder.",
  from: TrainStep,
  to: TrainStep,
  params: {
    display_step: param(
      PositiveInt,
      "Steps between losses that are written, counted from the first step of each epoch.",
      10
    )
  },
  declares: { writes: () => ["summary/events.out.tfevents.orbitrank"] },
  run:
    ({ display_step }) =>
    (steps) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, wrote } = yield* Run
          const path = join(folder, "summary", "events.out.tfevents.orbitrank")
          yield* wrote(path)
          const numberOf = withinEpochs()
          let begun = false
          const add = (step: TrainStep, seconds: number) => {
            if (!begun) begin(path, step.step, seconds)
            begun = true
            const figures = definedFigures(step).map(([name, value]) => [tagOf(name), value] as const)
            const scalars = [...(numberOf(step) % display_step === 0 ? lossesOf(step) : []), ...figures]
            if (scalars.length > 0) appendFileSync(path, framed(scalarsEvent(seconds, step.step, scalars)))
            return step
          }
          return Stream.mapEffect(steps, (step) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => withFile(path, () => add(step, now / 1000)))
          )
        })
      )
})
