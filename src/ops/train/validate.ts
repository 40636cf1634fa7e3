import { Effect, Option, Stream } from "effect"
import { toStream } from "../../pipeline/interpret.ts"
import { operator } from "../../pipeline/operator.ts"
import { pipelineParam } from "../../pipeline/param.ts"
import { messageOf } from "../../pipeline/words.ts"
import { Report, type Results, TrainStep } from "../elements.ts"
import { FirstEpoch, type Run } from "../run.ts"
import type { TensorEngine } from "../tensor/engine.ts"
import { TrainError } from "./train-error.ts"

/**
 * Figures of a report under flat names, as steps carry them; NaN if a figure is undefined.
 *
 * @example
 * flatFigures({ mAP: { hard: 0.4 }, "ACG@100": 1.5 }) // => { "mAP.hard": 0.4, "ACG@100": 1.5 }
 */
export const flatFigures = (results: Results): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(results)
      .flatMap(([name, value]) =>
        typeof value === "object" && value !== null
          ? Object.entries(value).map(([level, figure]) => [`${name}.${level}`, figure] as const)
          : [[name, value] as const]
      )
      .map(([name, figure]) => [name, figure ?? Number.NaN])
  )

/** Figures of a step that are defined, which are written and drawn. */
export const definedFigures = ({ validation = {} }: TrainStep): ReadonlyArray<readonly [name: string, value: number]> =>
  Object.entries(validation).filter(([, value]) => !Number.isNaN(value))

const failed = (epoch: number) => (cause: unknown) =>
  new TrainError({
    subject: `validation after epoch ${epoch}`,
    problem: messageOf(cause).replace(/\.$/, ""),
    remedy: "Run the validation pipeline alone with `--only` to find the cause",
    cause
  })

const noReport = (epoch: number) =>
  new TrainError({
    subject: `validation after epoch ${epoch}`,
    problem: "the pipeline gave no report",
    remedy: "Read a split that has images"
  })

/** Validates: the figures of the pipeline's report travel on with the last step of the epoch. */
export const validate = operator({
  name: "validate",
  about: "Runs another pipeline after each saved epoch and adds the figures of its report to the step.",
  from: TrainStep,
  to: TrainStep,
  params: {
    with: pipelineParam<unknown, Run | TensorEngine>()(Report, "The pipeline; it embeds with `weights: newest`.")
  },
  run:
    ({ with: pipeline }) =>
    (steps) =>
      Stream.mapEffect(steps, (step) =>
        step.state === undefined
          ? Effect.succeed(step)
          : Effect.gen(function* () {
              const report = yield* Stream.runLast(toStream(pipeline)).pipe(
                // The validation split is read from its beginning in every epoch.
                Effect.provideService(FirstEpoch, 0),
                Effect.mapError(failed(step.epoch + 1))
              )
              if (Option.isNone(report)) return yield* noReport(step.epoch + 1)
              return { ...step, validation: flatFigures(report.value.results) }
            })
      )
})
