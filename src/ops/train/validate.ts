import { Effect, Option, Stream } from "effect"
import { explained } from "../../pipeline/explained.ts"
import { toStream } from "../../pipeline/interpret.ts"
import { operator } from "../../pipeline/operator.ts"
import { pipelineParam } from "../../pipeline/param.ts"
import { Report, TrainStep } from "../elements.ts"
import { FirstEpoch, type Run } from "../run.ts"
import type { TensorEngine } from "../tensor/engine.ts"
import { flatFigures } from "./figures.ts"

/** The validation pipeline failed or gave no report. */
export class ValidationError extends explained("ValidationError") {}

const failed = (epoch: number) => (cause: unknown) =>
  new ValidationError({
    subject: `validation after epoch ${epoch}`,
    problem: cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause),
    remedy: "Run the validation pipeline by itself with `--only` to look into it",
    cause
  })

const noReport = (epoch: number) =>
  new ValidationError({
    subject: `validation after epoch ${epoch}`,
    problem: "the pipeline gave no report",
    remedy: "Give it a split that has images"
  })

export const validate = operator({
  name: "validate",
  about: "Runs another pipeline after each epoch and puts the figures of its report on the step.",
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
                // The validation split is read from its beginning, whatever epoch training is in.
                Effect.provideService(FirstEpoch, 0),
                Effect.mapError(failed(step.epoch + 1))
              )
              if (Option.isNone(report)) return yield* noReport(step.epoch + 1)
              return { ...step, validation: flatFigures(report.value.results) }
            })
      )
})
